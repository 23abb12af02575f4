import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const auth0 = defineProvider({
  slug: 'auth0',
  name: 'Auth0 custom log stream',
  docs: 'https://auth0.com/docs/customize/log-streams/custom-log-streams',
  evidence: 'documentation',
  secret: { label: 'Authorization token' },
  scheme: token({ at: 'header:authorization' }),
  event: {
    type: ['/data/type', '/type'],
    id: ['/log_id', '/id'],
    entityType: '=user',
    entityId: ['/data/user_id', '/data/object/user_id'],
    occurredAt: ['/data/date', '/time'],
    batch: '',
  },
})
