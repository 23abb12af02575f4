import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const zendesk = defineProvider({
  slug: 'zendesk',
  name: 'Zendesk',
  docs: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
  evidence: 'documentation',
  secret: { label: 'Signing secret' },
  scheme: hmac({
    header: 'x-zendesk-webhook-signature',
    timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso' },
    encoding: 'base64',
    signed: '{ts}{body}',
  }),
  event: {
    type: '/type',
    typeDefault: 'ticket',
    id: ['header:x-zendesk-webhook-invocation-id', '/id'],
    entityType: '=ticket',
    entityId: ['/detail/id', '/ticket_id'],
    occurredAt: '/time',
    changes: '/event',
  },
})
