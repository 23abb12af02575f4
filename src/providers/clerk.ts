import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const clerk = defineProvider({
  slug: 'clerk',
  name: 'Clerk',
  docs: 'https://clerk.com/docs/guides/development/webhooks/overview',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: standardWebhooks({ vendors: ['svix', 'webhook'] }),
  event: {
    type: '/type',
    id: ['header:svix-id', 'header:webhook-id'],
    entityType: '/data/object',
    entityId: '/data/id',
    occurredAt: '/timestamp',
  },
})
