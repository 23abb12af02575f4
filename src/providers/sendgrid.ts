import { defineProvider } from './provider.ts'
import { signature } from './scheme/signature.ts'

export const sendgrid = defineProvider({
  slug: 'sendgrid',
  name: 'SendGrid Event Webhook',
  docs: 'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features',
  evidence: 'sdk',
  secret: { label: 'Verification key (public key)' },
  scheme: signature({
    name: 'ecdsa-p256',
    hash: 'sha256',
    header: 'x-twilio-email-event-webhook-signature',
    timestamp: { header: 'x-twilio-email-event-webhook-timestamp' },
    signed: '{ts}{body}',
  }),
  event: {
    type: '/event',
    id: '/sg_event_id',
    entityType: '=message',
    entityId: ['/sg_message_id', '/email'],
    occurredAt: '/timestamp',
    batch: '',
  },
})
