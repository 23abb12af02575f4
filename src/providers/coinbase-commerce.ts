import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const coinbaseCommerce = defineProvider({
  slug: 'coinbase-commerce',
  name: 'Coinbase Commerce',
  docs: 'https://docs.cdp.coinbase.com/commerce/docs/webhooks-security',
  evidence: 'sdk',
  secret: { label: 'Webhook shared secret' },
  scheme: hmac({ header: 'x-cc-webhook-signature' }),
  event: {
    type: '/event/type',
    id: '/event/id',
    entityType: '/event/resource',
    entityId: ['/event/data/id', '/event/data/code'],
    occurredAt: '/event/created_at',
  },
})
