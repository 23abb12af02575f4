import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const pusher = defineProvider({
  slug: 'pusher',
  name: 'Pusher Channels',
  docs: 'https://pusher.com/docs/channels/server_api/webhooks/',
  evidence: 'sdk',
  secret: { label: 'Application secret' },
  scheme: hmac({ header: 'x-pusher-signature', require: { 'x-pusher-key': '$key' } }),
  event: {
    type: '/name',
    id: '{root:/time_ms}:{/name}:{/channel}:{/user_id}',
    entityType: '=channel',
    entityId: '/channel',
    occurredAt: 'root:/time_ms',
    batch: '/events',
  },
})
