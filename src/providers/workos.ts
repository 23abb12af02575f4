import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const workos = defineProvider({
  slug: 'workos',
  name: 'WorkOS',
  docs: 'https://workos.com/docs/events/data-syncing/webhooks',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'workos-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { unit: 'ms', toleranceSeconds: 180 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/event',
    id: '/id',
    entityType: '/data/object',
    entityId: '/data/id',
    occurredAt: '/created_at',
    changes: '/data/previous_attributes',
  },
})
