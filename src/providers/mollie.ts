import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const mollie = defineProvider({
  slug: 'mollie',
  name: 'Mollie',
  docs: 'https://docs.mollie.com/reference/webhooks',
  evidence: 'code',
  secret: { label: 'Signing secret' },
  scheme: hmac({ header: 'x-mollie-signature', prefix: 'sha256=' }),
  event: {
    type: '/type',
    typeDefault: 'payment',
    id: '{/type}:{/id}',
    entityType: '/_embedded/entity/resource',
    entityId: ['/entityId', '/id'],
    occurredAt: '/createdAt',
  },
  notes:
    'Classic payment webhooks, a form with only an id, are unsigned, and look alike for every change of a payment: set verification to optional and dedupe to none.',
})
