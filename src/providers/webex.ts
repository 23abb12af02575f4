import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const webex = defineProvider({
  slug: 'webex',
  name: 'Cisco Webex',
  docs: 'https://developer.webex.com/docs/api/guides/webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ hash: 'sha1', header: 'x-spark-signature' }),
  event: {
    type: '{/resource}.{/event}',
    id: '{/id}:{/data/id}',
    entityType: '/resource',
    entityId: '/data/id',
    occurredAt: '/data/created',
  },
})
