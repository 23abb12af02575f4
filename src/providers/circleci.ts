import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const circleci = defineProvider({
  slug: 'circleci',
  name: 'CircleCI',
  docs: 'https://circleci.com/docs/guides/integration/outbound-webhooks/',
  evidence: 'documentation',
  secret: { label: 'Secret token' },
  scheme: hmac({ header: 'circleci-signature', prefix: 'v1=', format: { list: ',' } }),
  event: {
    type: ['/type', 'header:circleci-event-type'],
    id: '/id',
    entityType: '=workflow',
    entityId: ['/workflow/id', '/job/id', '/pipeline/id'],
    occurredAt: '/happened_at',
  },
})
