import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const line = defineProvider({
  slug: 'line',
  name: 'LINE',
  docs: 'https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/',
  evidence: 'sdk',
  secret: { label: 'Channel secret' },
  scheme: hmac({ header: 'x-line-signature', encoding: 'base64' }),
  event: {
    type: '/type',
    id: '/webhookEventId',
    entityType: '/source/type',
    entityId: ['/source/groupId', '/source/roomId', '/source/userId'],
    occurredAt: '/timestamp',
    batch: '/events',
  },
})
