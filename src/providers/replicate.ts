import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const replicate = defineProvider({
  slug: 'replicate',
  name: 'Replicate',
  docs: 'https://replicate.com/docs/topics/webhooks/verify-webhook',
  evidence: 'sdk',
  secret: { label: 'Webhook signing key' },
  scheme: standardWebhooks(),
  event: {
    type: '/status',
    id: 'header:webhook-id',
    entityType: '=prediction',
    entityId: '/id',
    occurredAt: ['/completed_at', '/started_at', '/created_at'],
  },
})
