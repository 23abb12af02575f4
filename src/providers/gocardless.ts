import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const gocardless = defineProvider({
  slug: 'gocardless',
  name: 'GoCardless',
  docs: 'https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook endpoint secret' },
  scheme: hmac({ header: 'webhook-signature' }),
  event: {
    type: '{/resource_type}.{/action}',
    id: '/id',
    entityType: '/resource_type',
    entityId: ['/links/payment', '/links/mandate', '/links/subscription', '/links/payout', '/links/refund'],
    occurredAt: '/created_at',
    changes: '/details',
    batch: '/events',
  },
})
