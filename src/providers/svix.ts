import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const svix = defineProvider({
  slug: 'svix',
  name: 'Svix',
  docs: 'https://docs.svix.com/receiving/verifying-payloads/how',
  evidence: 'sdk',
  secret: { label: 'Endpoint signing secret' },
  scheme: standardWebhooks({ vendors: ['svix', 'webhook'] }),
  event: {
    type: ['/type', '/eventType', '/event_type'],
    id: ['header:svix-id', 'header:webhook-id'],
    occurredAt: '/timestamp',
  },
})
