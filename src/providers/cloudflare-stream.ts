import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const cloudflareStream = defineProvider({
  slug: 'cloudflare-stream',
  name: 'Cloudflare Stream',
  docs: 'https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'webhook-signature',
    format: { pairs: ',', timestamp: 'time', signature: 'sig1' },
    timestamp: { toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/status/state',
    id: '{/uid}:{/status/state}',
    entityType: '=video',
    entityId: '/uid',
    occurredAt: '/modified',
  },
})
