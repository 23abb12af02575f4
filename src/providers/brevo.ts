import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const brevo = defineProvider({
  slug: 'brevo',
  name: 'Brevo',
  docs: 'https://developers.brevo.com/docs/secure-webhook-calls',
  evidence: 'code',
  secret: { label: 'Token' },
  scheme: token({ at: 'header:authorization', prefix: 'Bearer ' }),
  event: {
    type: '/event',
    id: '{/message-id}:{/event}:{/ts_event}',
    entityType: '=message',
    entityId: ['/message-id', '/email'],
    occurredAt: ['/ts_event', '/ts'],
  },
})
