import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const bitbucket = defineProvider({
  slug: 'bitbucket',
  name: 'Bitbucket Cloud',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
  evidence: 'documentation',
  secret: { label: 'Secret' },
  scheme: hmac({ header: 'x-hub-signature', prefix: 'sha256=' }),
  event: {
    type: 'header:x-event-key',
    id: 'header:x-request-uuid',
    entityType: '=repository',
    entityId: ['/pullrequest/id', '/issue/id', '/repository/uuid'],
    changes: '/changes',
  },
})
