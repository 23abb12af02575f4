import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const mux = defineProvider({
  slug: 'mux',
  name: 'Mux',
  docs: 'https://www.mux.com/docs/core/verify-webhook-signatures',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: hmac({
    header: 'mux-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { toleranceSeconds: 300 },
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/type',
    id: '/id',
    entityType: '/object/type',
    entityId: '/object/id',
    occurredAt: '/created_at',
  },
})
