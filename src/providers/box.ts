import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const box = defineProvider({
  slug: 'box',
  name: 'Box',
  docs: 'https://developer.box.com/guides/webhooks/v2/signatures-v2/',
  evidence: 'sdk',
  secret: { label: 'Primary signature key' },
  scheme: hmac({
    header: ['box-signature-primary', 'box-signature-secondary'],
    encoding: 'base64',
    moreSecrets: ['secondaryKey'],
    require: { 'box-signature-version': '1', 'box-signature-algorithm': 'HmacSHA256' },
    timestamp: { header: 'box-delivery-timestamp', unit: 'iso', toleranceSeconds: 600 },
    signed: ['{body}{ts}', '{escapedBody}{ts}'],
  }),
  event: {
    type: '/trigger',
    id: ['header:box-delivery-id', '/id'],
    entityType: '/source/type',
    entityId: '/source/id',
    occurredAt: '/created_at',
  },
  notes: 'Put the secondary key into `config.secondaryKey`, or add it as a second secret.',
})
