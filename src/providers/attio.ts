import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const attio = defineProvider({
  slug: 'attio',
  name: 'Attio',
  docs: 'https://docs.attio.com/rest-api/guides/webhooks',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: ['attio-signature', 'x-attio-signature'] }),
  event: {
    type: '/event_type',
    id: 'header:idempotency-key',
    entityType: '=record',
    entityId: ['/id/record_id', '/id/entry_id', '/id/note_id', '/id/task_id'],
    batch: '/events',
  },
})
