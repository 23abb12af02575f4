import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const paystack = defineProvider({
  slug: 'paystack',
  name: 'Paystack',
  docs: 'https://paystack.com/docs/payments/webhooks/',
  evidence: 'code',
  secret: { label: 'Secret key' },
  scheme: hmac({ hash: 'sha512', header: 'x-paystack-signature' }),
  event: {
    type: '/event',
    id: '{/event}:{/data/id}',
    entityId: ['/data/reference', '/data/id'],
    occurredAt: ['/data/paid_at', '/data/created_at', '/data/createdAt'],
  },
})
