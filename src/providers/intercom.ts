import { defineProvider } from './provider.ts'
import { headProbe } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const intercom = defineProvider({
  slug: 'intercom',
  name: 'Intercom',
  docs: 'https://developers.intercom.com/docs/webhooks/setting-up-webhooks',
  evidence: 'documentation',
  secret: { label: 'Client secret' },
  scheme: hmac({ hash: 'sha1', header: 'x-hub-signature', prefix: 'sha1=' }),
  event: {
    type: '/topic',
    id: '/id',
    entityType: '/data/item/type',
    entityId: '/data/item/id',
    occurredAt: '/created_at',
  },
  handshakes: [headProbe],
})
