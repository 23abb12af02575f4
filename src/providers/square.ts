import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const square = defineProvider({
  slug: 'square',
  name: 'Square',
  docs: 'https://developer.squareup.com/docs/webhooks/step3validate',
  evidence: 'sdk',
  secret: { label: 'Signature key' },
  scheme: hmac({ header: 'x-square-hmacsha256-signature', encoding: 'base64', signed: '{url}{body}' }),
  event: {
    type: '/type',
    id: '/event_id',
    entityType: '/data/type',
    entityId: '/data/id',
    occurredAt: '/created_at',
  },
})
