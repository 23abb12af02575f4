import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const docusign = defineProvider({
  slug: 'docusign',
  name: 'DocuSign Connect',
  docs: 'https://developers.docusign.com/platform/webhooks/connect/hmac/',
  evidence: 'documentation',
  secret: { label: 'Connect HMAC key' },
  scheme: hmac({ header: 'x-docusign-signature-*', encoding: 'base64' }),
  event: {
    type: '/event',
    id: '{/data/envelopeId}:{/event}:{/generatedDateTime}',
    entityType: '=envelope',
    entityId: '/data/envelopeId',
    occurredAt: '/generatedDateTime',
  },
})
