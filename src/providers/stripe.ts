import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const stripe = defineProvider({
  slug: 'stripe',
  name: 'Stripe',
  docs: 'https://docs.stripe.com/webhooks#verify-manually',
  evidence: 'sdk',
  secret: { label: 'Signing secret', pattern: /^whsec_/ },
  scheme: hmac({
    header: 'stripe-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/type',
    id: '/id',
    entityType: '/data/object/object',
    entityId: '/data/object/id',
    occurredAt: '/created',
    changes: '/data/previous_attributes',
  },
})
