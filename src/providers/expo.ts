import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const expo = defineProvider({
  slug: 'expo',
  name: 'Expo EAS',
  docs: 'https://docs.expo.dev/eas/webhooks/',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ hash: 'sha1', header: 'expo-signature', prefix: 'sha1=' }),
  event: {
    type: ['{/platform}.{/status}', '/status'],
    id: '{/id}:{/status}',
    entityId: '/id',
    occurredAt: ['/completedAt', '/updatedAt', '/createdAt'],
  },
})
