import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const calCom = defineProvider({
  slug: 'cal-com',
  name: 'Cal.com',
  docs: 'https://cal.com/docs/developing/guides/automation/webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-cal-signature-256' }),
  event: {
    type: '/triggerEvent',
    id: '{/payload/uid}:{/triggerEvent}:{/createdAt}',
    entityType: '=booking',
    entityId: '/payload/uid',
    occurredAt: '/createdAt',
  },
})
