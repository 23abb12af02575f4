import { defineProvider } from './provider.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const xero = defineProvider({
  slug: 'xero',
  name: 'Xero',
  docs: 'https://developer.xero.com/documentation/guides/webhooks/overview/',
  evidence: 'code',
  secret: { label: 'Webhooks key' },
  scheme: hmac({ header: 'x-xero-signature', encoding: 'base64' }),
  event: {
    type: '{/eventCategory}.{/eventType}',
    id: '{/resourceId}:{/eventType}:{/eventDateUtc}',
    entityType: '/eventCategory',
    entityId: '/resourceId',
    occurredAt: '/eventDateUtc',
    batch: '/events',
  },
  handshakes: [
    {
      // "Intent to receive": no events, sent four times, three of them badly signed and to be refused with 401.
      when: { method: 'POST', has: { '/entropy': true }, lacks: ['/events/0/resourceId'] },
      signed: true,
      answer: () => emptyAnswer(),
    },
  ],
  answer: { body: '' },
})
