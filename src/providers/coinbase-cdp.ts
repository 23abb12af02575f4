import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const coinbaseCdp = defineProvider({
  slug: 'coinbase-cdp',
  name: 'Coinbase CDP',
  docs: 'https://docs.cdp.coinbase.com/webhooks/verify-signatures',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'x-hook0-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v0' },
    timestamp: { toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: ['/eventType', 'header:x-event-type'],
    id: ['header:x-event-id', '/id'],
    entityId: ['/transactionHash', '/data/id'],
    occurredAt: ['/timestamp', '/block_time'],
  },
})
