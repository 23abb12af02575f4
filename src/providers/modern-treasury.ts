import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const modernTreasury = defineProvider({
  slug: 'modern-treasury',
  name: 'Modern Treasury',
  docs: 'https://docs.moderntreasury.com/platform/docs/webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook key' },
  scheme: hmac({ header: 'x-signature' }),
  event: {
    type: ['{header:x-topic}.{/event}', '/event'],
    id: 'header:x-webhook-id',
    entityType: ['/data/object', 'header:x-topic'],
    entityId: '/data/id',
    occurredAt: '/data/updated_at',
  },
})
