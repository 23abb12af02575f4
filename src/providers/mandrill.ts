import { defineProvider } from './provider.ts'
import { headProbe } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const mandrill = defineProvider({
  slug: 'mandrill',
  name: 'Mailchimp Transactional (Mandrill)',
  docs: 'https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/',
  evidence: 'code',
  secret: { label: 'Webhook key' },
  scheme: hmac({
    hash: 'sha1',
    header: 'x-mandrill-signature',
    encoding: 'base64',
    signed: '{config:url}{sortedForm}',
  }),
  event: {
    type: ['/event', '/type'],
    id: ['{/_id}:{/event}:{/ts}', '/_id'],
    entityType: '=message',
    entityId: '/_id',
    occurredAt: '/ts',
    batch: '',
  },
  handshakes: [headProbe],
})
