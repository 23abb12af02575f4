import { defineProvider } from './provider.ts'
import { digest } from './scheme/digest.ts'

export const recharge = defineProvider({
  slug: 'recharge',
  name: 'Recharge',
  docs: 'https://docs.getrecharge.com/docs/webhooks-overview',
  evidence: 'code',
  secret: { label: 'API client secret' },
  scheme: digest({ hash: 'sha256', header: 'x-recharge-hmac-sha256', signed: '{secret}{body}' }),
  event: {
    type: 'header:x-recharge-topic',
    entityType: 'header:x-recharge-topic',
    entityId: ['/subscription/id', '/charge/id', '/order/id', '/customer/id'],
  },
})
