import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const quickbooks = defineProvider({
  slug: 'quickbooks',
  name: 'QuickBooks Online',
  docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks',
  evidence: 'code',
  secret: { label: 'Verifier token' },
  scheme: hmac({ header: 'intuit-signature', encoding: 'base64' }),
  event: {
    type: [
      '/type',
      '{/eventNotifications/0/dataChangeEvent/entities/0/name}.{/eventNotifications/0/dataChangeEvent/entities/0/operation}',
    ],
    id: '/id',
    entityType: '/eventNotifications/0/dataChangeEvent/entities/0/name',
    entityId: ['/intuitentityid', '/eventNotifications/0/dataChangeEvent/entities/0/id'],
    occurredAt: ['/time', '/eventNotifications/0/dataChangeEvent/entities/0/lastUpdated'],
    batch: '',
  },
})
