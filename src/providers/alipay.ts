import { defineProvider } from './provider.ts'
import { signature } from './scheme/signature.ts'

export const alipay = defineProvider({
  slug: 'alipay',
  name: 'Alipay',
  docs: 'https://opendocs.alipay.com/open/270/105902',
  evidence: 'sdk',
  secret: { label: 'Alipay public key' },
  scheme: signature({
    name: 'rsa',
    hash: 'sha256',
    from: 'form:sign',
    signed: '{sortedFormPairs:sign,sign_type}',
  }),
  event: {
    type: '/notify_type',
    id: '/notify_id',
    entityType: '=trade',
    entityId: ['/trade_no', '/out_trade_no'],
    occurredAt: '/notify_time',
  },
  answer: { contentType: 'text/plain', body: 'success' },
})
