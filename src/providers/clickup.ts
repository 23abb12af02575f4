import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const clickup = defineProvider({
  slug: 'clickup',
  name: 'ClickUp',
  docs: 'https://developer.clickup.com/docs/webhooksignature',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-signature' }),
  event: {
    type: '/event',
    id: ['/history_items/0/id', '{/webhook_id}:{/task_id}:{/event}'],
    entityType: '=task',
    entityId: ['/task_id', '/list_id', '/folder_id', '/space_id'],
    occurredAt: '/history_items/0/date',
    changes: '/history_items',
  },
})
