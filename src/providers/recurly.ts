import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const recurly = defineProvider({
  slug: 'recurly',
  name: 'Recurly',
  docs: 'https://docs.recurly.com/recurly-subscriptions/docs/signature-headers',
  evidence: 'code',
  secret: { label: 'Secret key' },
  scheme: hmac({
    header: 'recurly-signature',
    format: { positional: ',', timestamp: 0, signature: 1 },
    timestamp: { unit: 'auto' },
    signed: '{ts}.{body}',
  }),
  event: {
    type: ['{/object_type}.{/event_type}', '/event_type'],
    id: ['header:recurly-notification-id', '/id'],
    entityType: '/object_type',
    entityId: ['/uuid', '/id'],
    occurredAt: '/event_time',
    changes: '/changed_attributes',
  },
})
