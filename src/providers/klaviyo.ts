import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const klaviyo = defineProvider({
  slug: 'klaviyo',
  name: 'Klaviyo',
  docs: 'https://developers.klaviyo.com/en/docs/working_with_system_webhooks',
  evidence: 'code',
  secret: { label: 'Secret key' },
  scheme: hmac({
    header: 'klaviyo-signature',
    timestamp: { header: 'klaviyo-timestamp', unit: 'rfc1123', toleranceSeconds: 300 },
    signed: '{body}{ts}',
  }),
  event: {
    type: '/topic',
    id: '{/topic}:{/payload/data/id}',
    entityId: '/payload/data/id',
    occurredAt: ['/payload/data/attributes/datetime', 'root:/meta/timestamp'],
    batch: '/data',
  },
})
