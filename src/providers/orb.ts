import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const orb = defineProvider({
  slug: 'orb',
  name: 'Orb',
  docs: 'https://docs.withorb.com/integrations-and-exports/webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'x-orb-signature',
    prefix: 'v1=',
    timestamp: { header: 'x-orb-timestamp', unit: 'iso', toleranceSeconds: 300 },
    signed: 'v1:{ts}:{body}',
  }),
  event: {
    type: '/type',
    id: '/id',
    entityId: ['/subscription/id', '/invoice/id', '/customer/id'],
    occurredAt: '/created_at',
    changes: '/properties',
  },
})
