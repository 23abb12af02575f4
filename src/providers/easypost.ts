import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const easypost = defineProvider({
  slug: 'easypost',
  name: 'EasyPost',
  docs: 'https://docs.easypost.com/guides/webhooks-guide',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-hmac-signature', prefix: 'hmac-sha256-hex=', key: { normalize: 'NFKD' } }),
  event: {
    type: '/description',
    id: '/id',
    entityType: '/result/object',
    entityId: '/result/id',
    occurredAt: '/created_at',
    changes: '/previous_attributes',
  },
})
