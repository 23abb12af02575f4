import { defineProvider } from './provider.ts'
import { basic } from './scheme/token.ts'

export const postmark = defineProvider({
  slug: 'postmark',
  name: 'Postmark',
  docs: 'https://postmarkapp.com/developer/webhooks/webhooks-overview',
  evidence: 'documentation',
  secret: { label: 'user:password' },
  scheme: basic(),
  event: {
    type: '/RecordType',
    id: ['{/RecordType}:{/MessageID}:{/ID}', '{/RecordType}:{/MessageID}'],
    entityType: '=message',
    entityId: '/MessageID',
    occurredAt: ['/DeliveredAt', '/BouncedAt', '/ReceivedAt', '/ChangedAt'],
  },
})
