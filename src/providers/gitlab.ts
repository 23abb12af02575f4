import { defineProvider } from './provider.ts'
import { anyOf } from './scheme/combine.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'
import { token } from './scheme/token.ts'

export const gitlab = defineProvider({
  slug: 'gitlab',
  name: 'GitLab',
  docs: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
  evidence: 'documentation',
  secret: { label: 'Secret token or signing token' },
  scheme: anyOf(token({ at: 'header:x-gitlab-token' }), standardWebhooks()),
  event: {
    type: ['{/object_kind}.{/object_attributes/action}', '/object_kind', 'header:x-gitlab-event'],
    id: ['header:idempotency-key', 'header:webhook-id', 'header:x-gitlab-event-uuid'],
    entityType: '/object_kind',
    entityId: ['/object_attributes/id', '/project/id'],
    occurredAt: ['/object_attributes/updated_at'],
    changes: '/changes',
  },
})
