import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const pagerduty = defineProvider({
  slug: 'pagerduty',
  name: 'PagerDuty v3',
  docs: 'https://developer.pagerduty.com/docs/verifying-webhook-signatures',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-pagerduty-signature', prefix: 'v1=', format: { list: ',' } }),
  event: {
    type: '/event/event_type',
    id: '/event/id',
    entityType: '/event/data/type',
    entityId: '/event/data/id',
    occurredAt: '/event/occurred_at',
  },
})
