import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const github = defineProvider({
  slug: 'github',
  name: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-hub-signature-256', prefix: 'sha256=' }),
  event: {
    type: ['{header:x-github-event}.{/action}', 'header:x-github-event'],
    id: 'header:x-github-delivery',
    entityType: 'header:x-github-event',
    entityId: ['/pull_request/id', '/issue/id', '/release/id', '/check_run/id', '/repository/id'],
    changes: '/changes',
  },
})
