import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const calendly = defineProvider({
  slug: 'calendly',
  name: 'Calendly',
  docs: 'https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures',
  evidence: 'code',
  secret: { label: 'Webhook signing key' },
  scheme: hmac({
    header: 'calendly-webhook-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/event',
    id: '{/payload/uri}:{/event}:{/created_at}',
    entityType: '=invitee',
    entityId: '/payload/uri',
    occurredAt: '/created_at',
  },
})
