import { defineProvider } from './provider.ts'
import { basic } from './scheme/token.ts'

export const chargebee = defineProvider({
  slug: 'chargebee',
  name: 'Chargebee',
  docs: 'https://www.chargebee.com/docs/2.0/webhook_settings.html',
  evidence: 'sdk',
  secret: { label: 'user:password' },
  scheme: basic(),
  event: {
    type: '/event_type',
    id: '/id',
    entityId: ['/content/subscription/id', '/content/invoice/id', '/content/customer/id'],
    occurredAt: '/occurred_at',
  },
})
