import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const getstream = defineProvider({
  slug: 'getstream',
  name: 'Stream (GetStream)',
  docs: 'https://getstream.io/chat/docs/node/webhooks_overview/',
  evidence: 'sdk',
  secret: { label: 'API secret' },
  scheme: hmac({ header: 'x-signature' }),
  event: {
    type: '/type',
    id: 'header:x-webhook-id',
    entityType: '/channel_type',
    entityId: ['/channel_id', '/user/id'],
    occurredAt: '/created_at',
  },
})
