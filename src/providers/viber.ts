import { defineProvider } from './provider.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const viber = defineProvider({
  slug: 'viber',
  name: 'Viber',
  docs: 'https://developers.viber.com/docs/api/rest-bot-api/',
  evidence: 'sdk',
  secret: { label: 'Authentication token' },
  scheme: hmac({ header: 'x-viber-content-signature' }),
  event: {
    type: '/event',
    id: '{/event}:{/message_token}',
    entityType: '=user',
    entityId: ['/sender/id', '/user/id', '/user_id'],
    occurredAt: '/timestamp',
  },
  handshakes: [
    { when: { method: 'POST', has: { '/event': 'webhook' } }, signed: true, answer: () => emptyAnswer() },
  ],
})
