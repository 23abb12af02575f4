import { defineProvider } from './provider.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { token } from './scheme/token.ts'

export const figma = defineProvider({
  slug: 'figma',
  name: 'Figma',
  docs: 'https://developers.figma.com/docs/rest-api/webhooks/',
  evidence: 'documentation',
  secret: { label: 'Passcode' },
  scheme: token({ at: '/passcode' }),
  event: {
    type: '/event_type',
    id: '{/webhook_id}:{/event_type}:{/file_key}:{/timestamp}',
    entityType: '=file',
    entityId: '/file_key',
    occurredAt: '/timestamp',
  },
  handshakes: [
    { when: { method: 'POST', has: { '/event_type': 'PING' } }, signed: true, answer: () => emptyAnswer() },
  ],
})
