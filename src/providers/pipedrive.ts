import { defineProvider } from './provider.ts'
import { basic } from './scheme/token.ts'

export const pipedrive = defineProvider({
  slug: 'pipedrive',
  name: 'Pipedrive',
  docs: 'https://pipedrive.readme.io/docs/guide-for-webhooks-v2',
  evidence: 'code',
  secret: { label: 'user:password' },
  scheme: basic(),
  event: {
    type: ['{/meta/entity}.{/meta/action}', '/event'],
    id: [
      '{/meta/correlation_id}:{/meta/entity}:{/meta/entity_id}:{/meta/action}',
      '{/event}:{/meta/id}:{/meta/timestamp_micro}',
    ],
    entityType: ['/meta/entity', '/meta/object'],
    entityId: ['/meta/entity_id', '/data/id', '/meta/id'],
    occurredAt: '/meta/timestamp',
    changes: '/previous',
  },
})
