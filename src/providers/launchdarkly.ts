import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const launchdarkly = defineProvider({
  slug: 'launchdarkly',
  name: 'LaunchDarkly',
  docs: 'https://launchdarkly.com/docs/home/infrastructure/webhooks',
  evidence: 'code',
  secret: { label: 'Secret' },
  scheme: hmac({ header: 'x-ld-signature' }),
  event: {
    type: '/kind',
    id: '/_id',
    entityType: '/kind',
    entityId: '/target/_links/canonical/href',
    occurredAt: '/date',
  },
})
