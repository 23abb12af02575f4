import { defineProvider } from './provider.ts'
import { textAnswer } from './scheme/handshake.ts'
import { token } from './scheme/token.ts'

export const microsoftGraph = defineProvider({
  slug: 'microsoft-graph',
  name: 'Microsoft Graph change notifications',
  docs: 'https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks',
  evidence: 'documentation',
  secret: { label: 'clientState of the subscription' },
  scheme: token({ each: '/value', at: '/clientState' }),
  event: {
    type: ['{/changeType}', '/lifecycleEvent'],
    id: '/id',
    entityType: '/resourceData/@odata.type',
    entityId: ['/resourceData/id', '/resource'],
    batch: '/value',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { 'query:validationToken': true } },
      answer: ({ read }) => textAnswer(read('query:validationToken') ?? ''),
    },
  ],
  answer: { status: 202 },
})
