import { defineProvider } from './provider.ts'
import { hubChallenge } from './scheme/challenges.ts'
import { textAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const whatsapp = defineProvider({
  slug: 'whatsapp',
  name: 'WhatsApp Cloud API',
  docs: 'https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks',
  evidence: 'code',
  secret: { label: 'App secret' },
  scheme: hmac({ header: 'x-hub-signature-256', prefix: 'sha256=' }),
  event: {
    type: '/changes/0/field',
    typeDefault: 'messages',
    id: [
      '/changes/0/value/messages/0/id',
      '{/changes/0/value/statuses/0/id}:{/changes/0/value/statuses/0/status}',
    ],
    entityType: '=phone_number',
    entityId: '/changes/0/value/metadata/phone_number_id',
    occurredAt: ['/changes/0/value/messages/0/timestamp', '/changes/0/value/statuses/0/timestamp'],
    batch: '/entry',
  },
  handshakes: [hubChallenge((challenge) => textAnswer(challenge))],
})
