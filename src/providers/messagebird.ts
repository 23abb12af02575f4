import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const messagebird = defineProvider({
  slug: 'messagebird',
  name: 'MessageBird (legacy)',
  docs: 'https://developers.messagebird.com/api/#verifying-http-requests',
  evidence: 'sdk',
  secret: { label: 'Signing key' },
  scheme: jwt({
    header: 'messagebird-signature-jwt',
    algorithms: ['HS256', 'HS384', 'HS512'],
    claims: { iss: 'MessageBird' },
    required: ['jti'],
    urlHash: 'url_hash',
    bodyHash: { claim: 'payload_hash', hash: 'sha256', encoding: 'hex', optionalIfEmpty: true },
  }),
  event: {
    type: '/type',
    id: 'jwt:messagebird-signature-jwt/jti',
    entityId: ['/message/id', '/conversation/id'],
    occurredAt: ['/message/createdDatetime'],
  },
})
