import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const elevenlabs = defineProvider({
  slug: 'elevenlabs',
  name: 'ElevenLabs',
  docs: 'https://elevenlabs.io/docs/product-guides/administration/webhooks',
  evidence: 'sdk',
  secret: { label: 'Shared secret' },
  scheme: hmac({
    header: 'elevenlabs-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v0' },
    timestamp: { toleranceSeconds: 1800 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/type',
    id: '{/type}:{/data/conversation_id}:{/event_timestamp}',
    entityType: '=conversation',
    entityId: ['/data/conversation_id', '/data/request_id'],
    occurredAt: '/event_timestamp',
  },
})
