import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const checkr = defineProvider({
  slug: 'checkr',
  name: 'Checkr',
  docs: 'https://docs.checkr.com/#tag/Webhooks',
  evidence: 'code',
  secret: { label: 'API key' },
  scheme: hmac({ header: 'x-checkr-signature' }),
  event: {
    type: '/type',
    id: '/id',
    entityType: '/data/object/object',
    entityId: '/data/object/id',
    occurredAt: '/created_at',
  },
})
