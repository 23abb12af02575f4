import { defineProvider } from './provider.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'

export const polar = defineProvider({
  slug: 'polar',
  name: 'Polar',
  docs: 'https://polar.sh/docs/integrate/webhooks/endpoints',
  evidence: 'sdk',
  secret: { label: 'Secret' },
  scheme: standardWebhooks({ key: {} }),
  event: { type: '/type', id: 'header:webhook-id', entityId: '/data/id', occurredAt: '/timestamp' },
})
