import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const shopify = defineProvider({
  slug: 'shopify',
  name: 'Shopify',
  docs: 'https://shopify.dev/docs/apps/build/webhooks/subscribe/https',
  evidence: 'sdk',
  secret: { label: 'Client secret of the app' },
  scheme: hmac({ header: ['x-shopify-hmac-sha256', 'shopify-hmac-sha256'], encoding: 'base64' }),
  event: {
    type: ['header:x-shopify-topic', 'header:shopify-topic'],
    id: ['header:x-shopify-webhook-id', 'header:shopify-webhook-id', 'header:shopify-event-id'],
    entityType: ['header:x-shopify-topic', 'header:shopify-topic'],
    entityId: ['/admin_graphql_api_id', '/id'],
    occurredAt: ['header:x-shopify-triggered-at', '/updated_at', '/created_at'],
  },
})
