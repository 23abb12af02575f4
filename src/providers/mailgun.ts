import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const mailgun = defineProvider({
  slug: 'mailgun',
  name: 'Mailgun',
  docs: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
  evidence: 'documentation',
  secret: { label: 'HTTP webhook signing key' },
  scheme: hmac({
    from: 'json:signature.signature',
    signed: '{json:signature.timestamp}{json:signature.token}',
  }),
  event: {
    type: '/event-data/event',
    id: ['/event-data/id', '/signature/token'],
    entityType: '=message',
    entityId: '/event-data/message/headers/message-id',
    occurredAt: '/event-data/timestamp',
  },
  notes: 'The signature covers a timestamp and a token, not the event itself.',
})
