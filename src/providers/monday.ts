import { defineProvider } from './provider.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { jwt } from './scheme/jwt.ts'

export const monday = defineProvider({
  slug: 'monday',
  name: 'monday.com',
  docs: 'https://developer.monday.com/api-reference/docs/webhooks',
  evidence: 'documentation',
  secret: { label: 'Signing secret of the app (integration apps only)' },
  scheme: jwt({
    header: 'authorization',
    algorithms: ['HS256'],
    claims: { aud: '$endpointUrl' },
    requireExpiry: true,
    unsignedWithoutSecret: true,
  }),
  event: {
    type: '/event/type',
    id: '/event/triggerUuid',
    entityType: '=item',
    entityId: ['/event/pulseId', '/event/itemId', '/event/boardId'],
    occurredAt: '/event/triggerTime',
    changes: '/event/value',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { '/challenge': true } },
      answer: ({ read }) => jsonAnswer({ challenge: read('/challenge') }),
    },
  ],
  notes:
    'Webhooks of boards are unsigned; only those of integration apps carry a token. Without a secret nothing is checked.',
})
