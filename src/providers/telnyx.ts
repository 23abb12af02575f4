import { defineProvider } from './provider.ts'
import { signature } from './scheme/signature.ts'

export const telnyx = defineProvider({
  slug: 'telnyx',
  name: 'Telnyx',
  docs: 'https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks',
  evidence: 'sdk',
  secret: { label: 'Public key (base64)' },
  scheme: signature({
    name: 'ed25519',
    header: 'telnyx-signature-ed25519',
    timestamp: { header: 'telnyx-timestamp', toleranceSeconds: 300 },
    signed: '{ts}|{body}',
  }),
  event: {
    type: '/data/event_type',
    id: '/data/id',
    entityType: '/data/payload/record_type',
    entityId: ['/data/payload/id', '/data/payload/call_session_id'],
    occurredAt: '/data/occurred_at',
  },
})
