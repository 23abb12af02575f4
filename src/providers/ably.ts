import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const ably = defineProvider({
  slug: 'ably',
  name: 'Ably',
  docs: 'https://ably.com/docs/platform/integrations/webhooks',
  evidence: 'documentation',
  secret: { label: 'API key secret' },
  scheme: hmac({ header: 'x-ably-signature', require: { 'x-ably-key': '$keyId' }, encoding: 'base64' }),
  event: {
    type: ['/source', 'header:x-ably-envelope-source'],
    typeDefault: 'channel.message',
    id: ['/webhookId', 'header:x-ably-message-id'],
    entityType: '=channel',
    entityId: ['/data/channelId'],
    occurredAt: ['/timestamp', 'header:x-ably-timestamp'],
    batch: '/items',
  },
})
