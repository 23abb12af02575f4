import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const vonage = defineProvider({
  slug: 'vonage',
  name: 'Vonage',
  docs: 'https://developer.vonage.com/en/getting-started/concepts/webhooks',
  evidence: 'sdk',
  secret: { label: 'Signature secret' },
  scheme: jwt({
    header: 'authorization',
    bearer: true,
    algorithms: ['HS256'],
    bodyHash: { claim: 'payload_hash', hash: 'sha256', encoding: 'hex', optionalIfEmpty: true },
  }),
  event: {
    type: ['/status', '/message_type', '/event'],
    typeDefault: 'vonage.event',
    id: ['jwt:authorization/jti', '{/message_uuid}:{/status}'],
    entityId: ['/message_uuid', '/conversation_uuid', '/uuid'],
    occurredAt: '/timestamp',
  },
})
