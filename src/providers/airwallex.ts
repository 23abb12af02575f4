import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const airwallex = defineProvider({
  slug: 'airwallex',
  name: 'Airwallex',
  docs: 'https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'x-signature',
    timestamp: { header: 'x-timestamp', unit: 'ms', toleranceSeconds: 300 },
    signed: '{ts}{body}',
  }),
  event: { type: '/name', id: '/id', entityId: '/data/object/id', occurredAt: ['/created_at', '/createdAt'] },
})
