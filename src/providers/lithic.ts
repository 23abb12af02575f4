import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const lithic = defineProvider({
  slug: 'lithic',
  name: 'Lithic',
  docs: 'https://docs.lithic.com/docs/events-api',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: standardWebhooks(),
  event: {
    type: '/event_type',
    id: ['header:webhook-id', '/token'],
    entityId: ['/payload/token', '/payload/card_token'],
    occurredAt: '/created',
  },
})
