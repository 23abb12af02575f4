import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const fastspring = defineProvider({
  slug: 'fastspring',
  name: 'FastSpring',
  docs: 'https://developer.fastspring.com/reference/message-security',
  evidence: 'code',
  secret: { label: 'HMAC SHA256 secret' },
  scheme: hmac({ header: 'x-fs-signature', encoding: 'base64' }),
  event: {
    type: '/type',
    id: '/id',
    entityId: ['/data/order', '/data/subscription', '/data/account'],
    occurredAt: '/created',
    batch: '/events',
  },
})
