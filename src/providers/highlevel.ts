import { defineProvider } from './provider.ts'
import { signature } from './scheme/signature.ts'

export const highlevel = defineProvider({
  slug: 'highlevel',
  name: 'HighLevel (GoHighLevel)',
  docs: 'https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide/',
  evidence: 'code',
  secret: { label: 'Public key (PEM)' },
  scheme: signature({ name: 'rsa', hash: 'sha256', header: 'x-wh-signature' }),
  event: {
    type: '/type',
    id: '/webhookId',
    entityType: '/type',
    entityId: ['/id', '/contactId', '/locationId'],
    occurredAt: ['/timestamp', '/dateAdded'],
  },
})
