import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const netlify = defineProvider({
  slug: 'netlify',
  name: 'Netlify',
  docs: 'https://docs.netlify.com/deploy/deploy-notifications/',
  evidence: 'code',
  secret: { label: 'JWS secret token' },
  scheme: jwt({
    header: 'x-webhook-signature',
    algorithms: ['HS256'],
    claims: { iss: 'netlify' },
    bodyHash: { claim: 'sha256', hash: 'sha256', encoding: 'hex' },
  }),
  event: {
    type: ['header:x-netlify-event', '/state'],
    id: '{/id}:{/state}',
    entityType: '=deploy',
    entityId: ['/deploy_id', '/id'],
    occurredAt: '/updated_at',
  },
})
