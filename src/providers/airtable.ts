import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const airtable = defineProvider({
  slug: 'airtable',
  name: 'Airtable',
  docs: 'https://airtable.com/developers/web/api/webhooks-overview',
  evidence: 'code',
  secret: { label: 'MAC secret (base64)' },
  scheme: hmac({ header: 'x-airtable-content-mac', prefix: 'hmac-sha256=', key: { encoding: 'base64' } }),
  event: {
    typeDefault: 'notification_ping',
    id: '{/webhook/id}:{/timestamp}',
    entityType: '=base',
    entityId: '/base/id',
    occurredAt: '/timestamp',
  },
  notes: 'A ping only: the changes are fetched from the API.',
})
