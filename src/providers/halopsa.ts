import { defineProvider } from './provider.ts'
import { anyOf } from './scheme/combine.ts'
import { basic, token } from './scheme/token.ts'

export const halopsa = defineProvider({
  slug: 'halopsa',
  name: 'HaloPSA',
  docs: 'https://halopsa.com/guides/article/?kbid=1712',
  evidence: 'documentation',
  secret: { label: 'user:password, or the value of the header' },
  scheme: anyOf(basic(), token({ at: 'header:x-halo-token', named: true })),
  event: {
    type: ['/event', '/webhook_name', '/type'],
    id: '/id',
    entityType: ['/object_type', '/entity'],
    entityId: ['/ticket/id', '/object_id', '/ticket_id'],
    occurredAt: ['/timestamp', '/eventdate'],
  },
  notes:
    'Choose basic authentication or a custom header in the webhook of HaloPSA, and keep its batching off.',
})
