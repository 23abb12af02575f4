import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const fillout = defineProvider({
  slug: 'fillout',
  name: 'Fillout',
  docs: 'https://www.fillout.com/help/webhook',
  evidence: 'code',
  secret: { label: 'Value of the header' },
  scheme: token({ at: 'header:x-webhook-secret', named: true }),
  event: {
    typeDefault: 'submission',
    id: ['/submissionId', '/submission/submissionId'],
    entityType: '=form',
    entityId: '/formId',
    occurredAt: ['/submissionTime', '/submission/submissionTime'],
  },
})
