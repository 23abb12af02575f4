import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const aircall = defineProvider({
  slug: 'aircall',
  name: 'Aircall',
  docs: 'https://developer.aircall.io/tutorials/how-aircall-webhooks-work/',
  evidence: 'documentation',
  secret: { label: 'Webhook token' },
  scheme: token({ at: '/token' }),
  event: {
    type: '/event',
    id: '{/event}:{/data/id}:{/timestamp}',
    entityType: '/resource',
    entityId: '/data/id',
    occurredAt: '/timestamp',
  },
})
