import { defineProvider } from './provider.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const woocommerce = defineProvider({
  slug: 'woocommerce',
  name: 'WooCommerce',
  docs: 'https://woocommerce.com/document/webhooks/',
  evidence: 'code',
  secret: { label: 'Secret' },
  scheme: hmac({ header: 'x-wc-webhook-signature', encoding: 'base64' }),
  event: {
    type: 'header:x-wc-webhook-topic',
    id: 'header:x-wc-webhook-delivery-id',
    entityType: 'header:x-wc-webhook-resource',
    entityId: '/id',
    occurredAt: ['/date_modified_gmt', '/date_created_gmt'],
  },
  handshakes: [
    {
      // Saving a webhook sends one unsigned form; it counts as undelivered unless answered.
      when: { method: 'POST', has: { 'form:webhook_id': true }, lacks: ['header:x-wc-webhook-signature'] },
      answer: () => emptyAnswer(),
    },
  ],
})
