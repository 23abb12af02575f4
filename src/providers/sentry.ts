import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const sentry = defineProvider({
  slug: 'sentry',
  name: 'Sentry',
  docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
  evidence: 'code',
  secret: { label: 'Client secret' },
  scheme: hmac({ header: 'sentry-hook-signature' }),
  event: {
    type: ['{header:sentry-hook-resource}.{/action}', 'header:sentry-hook-resource'],
    id: 'header:request-id',
    entityType: 'header:sentry-hook-resource',
    entityId: ['/data/issue/id', '/data/event/event_id', '/installation/uuid'],
    occurredAt: 'header:sentry-hook-timestamp',
  },
})
