import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const videoask = defineProvider({
  slug: 'videoask',
  name: 'VideoAsk',
  docs: 'https://documenter.getpostman.com/view/6005531/UVXoqsXL',
  evidence: 'code',
  secret: { label: 'Value of the header' },
  scheme: token({ at: 'header:x-webhook-secret', named: true }),
  event: {
    type: '/event_type',
    id: ['/event_id', '/interaction_id'],
    entityType: '=form',
    entityId: '/form/form_id',
    occurredAt: '/created_at',
  },
})
