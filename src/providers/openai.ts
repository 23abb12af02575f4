import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const openai = defineProvider({
  slug: 'openai',
  name: 'OpenAI',
  docs: 'https://platform.openai.com/docs/guides/webhooks',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: standardWebhooks({ key: { stripPrefix: 'whsec_', encoding: 'base64', bareIsText: true } }),
  event: { type: '/type', id: ['header:webhook-id', '/id'], entityId: '/data/id', occurredAt: '/created_at' },
})
