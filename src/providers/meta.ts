import { defineProvider } from './provider.ts'
import { hubChallenge } from './scheme/challenges.ts'
import { textAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const meta = defineProvider({
  slug: 'meta',
  name: 'Meta: Facebook Pages / Messenger / Instagram',
  docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  evidence: 'code',
  secret: { label: 'App secret' },
  scheme: hmac({ header: 'x-hub-signature-256', prefix: 'sha256=' }),
  event: {
    type: ['{root:/object}.{/changes/0/field}', 'root:/object'],
    id: '/messaging/0/message/mid',
    entityType: 'root:/object',
    entityId: '/id',
    occurredAt: '/time',
    changes: '/changes',
    batch: '/entry',
  },
  handshakes: [hubChallenge((challenge) => textAnswer(challenge))],
})
