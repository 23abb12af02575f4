import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const linear = defineProvider({
  slug: 'linear',
  name: 'Linear',
  docs: 'https://linear.app/developers/webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook signing secret' },
  scheme: hmac({
    header: 'linear-signature',
    timestamp: { from: 'json:webhookTimestamp', unit: 'ms', toleranceSeconds: 60 },
  }),
  event: {
    type: ['{/type}.{/action}', 'header:linear-event'],
    id: 'header:linear-delivery',
    entityType: '/type',
    entityId: '/data/id',
    occurredAt: ['/createdAt', '/webhookTimestamp'],
    changes: '/updatedFrom',
  },
})
