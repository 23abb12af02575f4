import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const tailscale = defineProvider({
  slug: 'tailscale',
  name: 'Tailscale',
  docs: 'https://tailscale.com/kb/1213/webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'tailscale-webhook-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: { type: '/type', entityId: ['/data/nodeID', '/data/user'], occurredAt: '/timestamp', batch: '' },
})
