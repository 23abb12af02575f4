import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const anthropic = defineProvider({
  slug: 'anthropic',
  name: 'Anthropic (Claude managed agents)',
  docs: 'https://docs.claude.com/en/api/webhooks',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: standardWebhooks(),
  event: { type: '/type', id: ['header:webhook-id', '/id'], entityId: '/data/id', occurredAt: '/created_at' },
})
