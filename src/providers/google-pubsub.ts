import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const googlePubsub = defineProvider({
  slug: 'google-pubsub',
  name: 'Google Pub/Sub push',
  docs: 'https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions',
  evidence: 'sdk',
  scheme: jwt({
    header: 'authorization',
    bearer: true,
    algorithms: ['RS256'],
    requireExpiry: true,
    jwks: 'https://www.googleapis.com/oauth2/v3/certs',
    claims: {
      iss: ['https://accounts.google.com', 'accounts.google.com'],
      aud: '$audience',
      email: '$email',
      email_verified: true,
    },
  }),
  event: {
    type: ['/message/attributes/eventType', '/message/attributes/type'],
    typeDefault: 'message',
    id: '/message/messageId',
    entityType: '=subscription',
    entityId: '/subscription',
    occurredAt: '/message/publishTime',
    changes: '/message/attributes',
  },
  notes:
    'Set `config.email` to the service account of the subscription: anybody can have Google sign for our URL.',
})
