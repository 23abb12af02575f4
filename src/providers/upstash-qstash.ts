import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const upstashQstash = defineProvider({
  slug: 'upstash-qstash',
  name: 'Upstash QStash',
  docs: 'https://upstash.com/docs/qstash/howto/signature',
  evidence: 'sdk',
  secret: { label: 'Current signing key' },
  scheme: jwt({
    header: 'upstash-signature',
    algorithms: ['HS256'],
    claims: { iss: 'Upstash' },
    requireExpiry: true,
    leewaySeconds: 0,
    urlClaim: 'sub',
    moreSecrets: ['nextSigningKey'],
    bodyHash: { claim: 'body', hash: 'sha256', encoding: 'base64url' },
  }),
  event: { type: ['header:upstash-label', '/type'], typeDefault: 'message', id: 'header:upstash-message-id' },
  notes: 'Put the next signing key into `config.nextSigningKey`, or add it as a second secret.',
})
