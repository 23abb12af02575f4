import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const helpscout = defineProvider({
  slug: 'helpscout',
  name: 'Help Scout',
  docs: 'https://developer.helpscout.com/webhooks/',
  evidence: 'code',
  secret: { label: 'Secret key' },
  scheme: hmac({ hash: 'sha1', header: 'x-helpscout-signature', encoding: 'base64' }),
  event: {
    type: 'header:x-helpscout-event',
    id: '{/id}:{header:x-helpscout-event}:{/userUpdatedAt}',
    entityType: '=conversation',
    entityId: '/id',
    occurredAt: ['/userUpdatedAt', '/updatedAt', '/createdAt'],
  },
})
