import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const folk = defineProvider({
  slug: 'folk',
  name: 'folk CRM',
  docs: 'https://developer.folk.app/webhooks',
  evidence: 'code',
  secret: { label: 'Signing secret' },
  scheme: standardWebhooks(),
  event: { type: '/type', id: ['header:webhook-id', '/id'], entityId: '/data/id', occurredAt: '/createdAt' },
})
