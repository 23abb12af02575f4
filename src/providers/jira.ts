import { defineProvider } from './provider.ts'
import { firstOf } from './scheme/combine.ts'
import { hmac } from './scheme/hmac.ts'
import { token } from './scheme/token.ts'

export const jira = defineProvider({
  slug: 'jira',
  name: 'Jira Cloud / Atlassian',
  docs: 'https://developer.atlassian.com/cloud/jira/platform/webhooks/',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: firstOf(
    hmac({ header: 'x-hub-signature', prefix: 'sha256=' }),
    token({ at: 'header:authorization', prefix: 'JWT ' }),
  ),
  event: {
    type: '/webhookEvent',
    id: 'header:x-atlassian-webhook-identifier',
    entityId: ['/issue/key', '/issue/id', '/project/id'],
    occurredAt: '/timestamp',
    changes: '/changelog/items',
  },
})
