import { defineProvider } from './provider.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { token } from './scheme/token.ts'

export const okta = defineProvider({
  slug: 'okta',
  name: 'Okta event hooks',
  docs: 'https://developer.okta.com/docs/concepts/event-hooks/',
  evidence: 'documentation',
  secret: { label: 'Value of the authorization header' },
  scheme: token({ at: 'header:authorization' }),
  event: {
    type: '/eventType',
    id: '/uuid',
    entityType: '/target/0/type',
    entityId: '/target/0/id',
    occurredAt: '/published',
    batch: '/data/events',
  },
  handshakes: [
    {
      when: { method: 'GET', has: { 'header:x-okta-verification-challenge': true } },
      answer: ({ read }) => jsonAnswer({ verification: read('header:x-okta-verification-challenge') }),
    },
  ],
})
