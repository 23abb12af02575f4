import { defineProvider } from './provider.ts'
import { headProbe } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const trello = defineProvider({
  slug: 'trello',
  name: 'Trello',
  docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/',
  evidence: 'code',
  secret: { label: 'Application secret' },
  scheme: hmac({ hash: 'sha1', header: 'x-trello-webhook', encoding: 'base64', signed: '{body}{url}' }),
  event: {
    type: '/action/type',
    id: '/action/id',
    entityType: '/model/type',
    entityId: ['/action/data/card/id', '/model/id'],
    occurredAt: '/action/date',
    changes: '/action/data/old',
  },
  handshakes: [headProbe],
  notes:
    'The signature covers the callback URL exactly as it was registered: set the public URL if it is not ours.',
})
