import { defineProvider } from './provider.ts'
import { signature } from './scheme/signature.ts'

export const kick = defineProvider({
  slug: 'kick',
  name: 'Kick',
  docs: 'https://docs.kick.com/events/webhook-security',
  evidence: 'code',
  secret: { label: 'Public key (optional)' },
  scheme: signature({
    name: 'rsa',
    hash: 'sha256',
    header: 'kick-event-signature',
    timestamp: { header: 'kick-event-message-timestamp', unit: 'iso', toleranceSeconds: 300 },
    signed: '{header:kick-event-message-id}.{ts}.{body}',
  }),
  event: {
    type: 'header:kick-event-type',
    id: 'header:kick-event-message-id',
    entityType: '=broadcaster',
    entityId: '/broadcaster/user_id',
    occurredAt: 'header:kick-event-message-timestamp',
  },
})
