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
    typeDefault: 'Inbound',
    id: [
      '{/RecordType}:{/ID}',
      '{/RecordType}:{/MessageID}:{/DeliveredAt}',
      '{/RecordType}:{/MessageID}:{/ReceivedAt}',
      '{/RecordType}:{/MessageID}:{/ChangedAt}',
    ],
    entityType: '=message',
    entityId: '/MessageID',
    occurredAt: ['/DeliveredAt', '/BouncedAt', '/ReceivedAt', '/ChangedAt'],
  },
})
