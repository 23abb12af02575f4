import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const liveblocks = defineProvider({
  slug: 'liveblocks',
  name: 'Liveblocks',
  docs: 'https://liveblocks.io/docs/platform/webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook secret key' },
  scheme: standardWebhooks(),
  event: {
    type: '/type',
    id: 'header:webhook-id',
    entityType: '=room',
    entityId: '/data/roomId',
    occurredAt: ['/data/updatedAt', '/data/createdAt'],
  },
})
