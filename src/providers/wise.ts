import { defineProvider } from './provider.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { signature } from './scheme/signature.ts'

export const wise = defineProvider({
  slug: 'wise',
  name: 'Wise',
  docs: 'https://docs.wise.com/guides/developer/webhooks/event-handling',
  evidence: 'code',
  secret: { label: 'Public key (PEM)' },
  scheme: signature({ name: 'rsa', hash: 'sha256', header: 'x-signature-sha256' }),
  event: {
    type: '/event_type',
    id: 'header:x-delivery-id',
    entityType: '/data/resource/type',
    entityId: '/data/resource/id',
    occurredAt: '/data/occurred_at',
    changes: '/data/current_state',
  },
  handshakes: [
    { when: { has: { 'header:x-test-notification': 'true' } }, signed: true, answer: () => emptyAnswer() },
  ],
})
