import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const resend = defineProvider({
  slug: 'resend',
  name: 'Resend',
  docs: 'https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: standardWebhooks({ vendors: ['svix', 'webhook'] }),
  event: {
    type: '/type',
    id: ['header:svix-id', 'header:webhook-id'],
    entityType: '=email',
    entityId: ['/data/email_id', '/data/id'],
    occurredAt: '/created_at',
  },
})
