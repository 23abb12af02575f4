import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const tally = defineProvider({
  slug: 'tally',
  name: 'Tally',
  docs: 'https://tally.so/help/webhooks',
  evidence: 'code',
  secret: { label: 'Signing secret' },
  scheme: hmac({ header: 'tally-signature', encoding: 'base64' }),
  event: {
    type: '/eventType',
    id: '/eventId',
    entityType: '=form',
    entityId: '/data/formId',
    occurredAt: '/createdAt',
  },
})
