import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const sanity = defineProvider({
  slug: 'sanity',
  name: 'Sanity',
  docs: 'https://www.sanity.io/docs/content-lake/webhooks',
  evidence: 'sdk',
  secret: { label: 'Secret' },
  scheme: hmac({
    header: 'sanity-webhook-signature',
    format: { pairs: ',', timestamp: 't', signature: 'v1' },
    timestamp: { unit: 'ms' },
    encoding: 'base64url',
    signed: '{ts}.{body}',
  }),
  event: {
    type: '/_type',
    typeDefault: 'document',
    id: 'header:idempotency-key',
    entityType: '/_type',
    entityId: ['header:sanity-document-id', '/_id'],
    occurredAt: '/_updatedAt',
  },
})
