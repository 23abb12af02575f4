import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const webflow = defineProvider({
  slug: 'webflow',
  name: 'Webflow',
  docs: 'https://developers.webflow.com/data/docs/working-with-webhooks',
  evidence: 'sdk',
  secret: { label: 'Client secret or webhook secret' },
  scheme: hmac({
    header: 'x-webflow-signature',
    timestamp: { header: 'x-webflow-timestamp', unit: 'ms', toleranceSeconds: 300 },
    signed: '{ts}:{body}',
  }),
  event: {
    type: '/triggerType',
    id: '{/triggerType}:{/payload/id}:{header:x-webflow-timestamp}',
    entityId: ['/payload/id', '/payload/orderId', '/payload/siteId'],
    occurredAt: ['/payload/lastUpdated', '/payload/submittedAt', 'header:x-webflow-timestamp'],
  },
})
