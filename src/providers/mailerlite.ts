import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const mailerlite = defineProvider({
  slug: 'mailerlite',
  name: 'MailerLite',
  docs: 'https://developers.mailerlite.com/docs/webhooks.html',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'signature' }),
  event: {
    type: ['/type', 'root:/event'],
    id: '/id',
    entityType: '=subscriber',
    entityId: ['/subscriber/id', '/data/subscriber/id'],
    occurredAt: ['/created_at'],
    batch: '/events',
  },
})
