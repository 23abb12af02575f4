import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const bigcommerce = defineProvider({
  slug: 'bigcommerce',
  name: 'BigCommerce',
  docs: 'https://developer.bigcommerce.com/docs/integrations/webhooks',
  evidence: 'documentation',
  secret: { label: 'Client secret of the app' },
  scheme: standardWebhooks({ key: {} }),
  event: {
    type: '/scope',
    id: ['header:webhook-id', '/hash'],
    entityType: '/data/type',
    entityId: '/data/id',
    occurredAt: '/created_at',
  },
})
