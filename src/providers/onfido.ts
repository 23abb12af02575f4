import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const onfido = defineProvider({
  slug: 'onfido',
  name: 'Onfido',
  docs: 'https://documentation.onfido.com/api/latest/#webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook token' },
  scheme: hmac({ header: 'x-sha2-signature' }),
  event: {
    type: '/payload/action',
    id: '{/payload/object/id}:{/payload/action}',
    entityType: '/payload/resource_type',
    entityId: '/payload/object/id',
    occurredAt: '/payload/object/completed_at_iso8601',
  },
})
