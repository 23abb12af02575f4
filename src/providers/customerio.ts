import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const customerio = defineProvider({
  slug: 'customerio',
  name: 'Customer.io',
  docs: 'https://docs.customer.io/journeys/webhooks/',
  evidence: 'code',
  secret: { label: 'Signing key' },
  scheme: hmac({
    header: 'x-cio-signature',
    timestamp: { header: 'x-cio-timestamp', toleranceSeconds: 300 },
    signed: 'v0:{ts}:{body}',
  }),
  event: {
    type: ['{/object_type}.{/metric}', '/metric'],
    id: '/event_id',
    entityType: '/object_type',
    entityId: ['/data/delivery_id', '/data/identifiers/id'],
    occurredAt: '/timestamp',
  },
})
