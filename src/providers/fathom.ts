import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const fathom = defineProvider({
  slug: 'fathom',
  name: 'Fathom',
  docs: 'https://developers.fathom.ai/webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: standardWebhooks(),
  event: {
    type: '/type',
    typeDefault: 'new-meeting-content-ready',
    id: 'header:webhook-id',
    entityType: '=recording',
    entityId: '/recording_id',
    occurredAt: '/created_at',
  },
})
