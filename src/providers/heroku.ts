import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const heroku = defineProvider({
  slug: 'heroku',
  name: 'Heroku',
  docs: 'https://devcenter.heroku.com/articles/app-webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'heroku-webhook-hmac-sha256', encoding: 'base64' }),
  event: {
    type: ['{/resource}.{/action}', '/webhook_metadata/event/include', '/resource'],
    id: ['/webhook_metadata/event/id', '/id'],
    entityType: '/resource',
    entityId: '/data/id',
    occurredAt: '/created_at',
    changes: '/previous_data',
  },
})
