import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const cursor = defineProvider({
  slug: 'cursor',
  name: 'Cursor',
  docs: 'https://cursor.com/docs/cloud-agent/api/webhooks',
  evidence: 'documentation',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-webhook-signature', prefix: 'sha256=' }),
  event: {
    type: ['header:x-webhook-event', '/event'],
    id: 'header:x-webhook-id',
    entityType: '=agent',
    entityId: '/id',
    occurredAt: '/timestamp',
  },
})
