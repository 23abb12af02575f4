import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const fusionauth = defineProvider({
  slug: 'fusionauth',
  name: 'FusionAuth',
  docs: 'https://fusionauth.io/docs/extend/events-and-webhooks/signing',
  evidence: 'code',
  secret: { label: 'HMAC secret or public key' },
  scheme: jwt({
    header: 'x-fusionauth-signature-jwt',
    algorithms: ['HS256', 'RS256', 'ES256'],
    bodyHash: { claim: 'request_body_sha256', hash: 'sha256', encoding: 'base64' },
  }),
  event: {
    type: '/event/type',
    id: '/event/id',
    entityType: '=user',
    entityId: '/event/user/id',
    occurredAt: '/event/createInstant',
  },
})
