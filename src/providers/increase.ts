import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const increase = defineProvider({
  slug: 'increase',
  name: 'Increase',
  docs: 'https://increase.com/documentation/webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'increase-webhook-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { unit: 'iso', toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/category',
    id: '/id',
    entityType: '/associated_object_type',
    entityId: '/associated_object_id',
    occurredAt: '/created_at',
  },
})
