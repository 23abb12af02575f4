import { defineProvider } from './provider.ts'
import { digest } from './scheme/digest.ts'

export const sellsy = defineProvider({
  slug: 'sellsy',
  name: 'Sellsy',
  docs: 'https://api.sellsy.com/doc/v2/#section/Webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: digest({ hash: 'sha1', header: 'x-webhook-signature', signed: '{secret}{body}' }),
  event: {
    type: ['{/eventType}.{/event}', '/eventType'],
    entityType: '/relatedtype',
    entityId: '/relatedid',
    occurredAt: '/timestamp',
  },
})
