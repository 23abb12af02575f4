import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const paddle = defineProvider({
  slug: 'paddle',
  name: 'Paddle Billing',
  docs: 'https://developer.paddle.com/webhooks/signature-verification',
  evidence: 'sdk',
  secret: { label: 'Endpoint secret key' },
  scheme: hmac({
    header: 'paddle-signature',
    format: { pairs: ';', timestamp: 'ts', signature: 'h1' },
    timestamp: { toleranceSeconds: 60 },
    signed: '{ts}:{body}',
  }),
  event: {
    type: '/event_type',
    id: '/event_id',
    entityType: '/event_type',
    entityId: '/data/id',
    occurredAt: '/occurred_at',
  },
})
