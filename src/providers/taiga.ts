import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const taiga = defineProvider({
  slug: 'taiga',
  name: 'Taiga',
  docs: 'https://docs.taiga.io/webhooks.html',
  evidence: 'code',
  secret: { label: 'Webhook secret key' },
  scheme: hmac({ hash: 'sha1', header: 'x-taiga-webhook-signature' }),
  event: {
    type: '{/type}.{/action}',
    entityType: '/type',
    entityId: '/data/id',
    occurredAt: '/date',
    changes: '/change/diff',
  },
})
