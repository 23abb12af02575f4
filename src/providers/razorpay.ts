import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const razorpay = defineProvider({
  slug: 'razorpay',
  name: 'Razorpay',
  docs: 'https://razorpay.com/docs/webhooks/validate-test/',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-razorpay-signature' }),
  event: {
    type: '/event',
    id: 'header:x-razorpay-event-id',
    entityType: '/contains/0',
    entityId: [
      '/payload/payment/entity/id',
      '/payload/order/entity/id',
      '/payload/subscription/entity/id',
      '/payload/refund/entity/id',
    ],
    occurredAt: '/created_at',
  },
})
