import { defineProvider } from './provider.ts'
import { echoQuery } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const nylas = defineProvider({
  slug: 'nylas',
  name: 'Nylas v3',
  docs: 'https://developer.nylas.com/docs/v3/notifications/',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-nylas-signature' }),
  event: {
    type: '/type',
    id: '/id',
    entityType: '/data/object/object',
    entityId: '/data/object/id',
    occurredAt: '/time',
  },
  handshakes: [echoQuery('challenge')],
})
