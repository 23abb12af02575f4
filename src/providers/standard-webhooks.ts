import { defineProvider } from './provider.ts'
import { standardWebhooksOrAsymmetric } from './scheme/standard-webhooks.ts'

export const standardWebhooks = defineProvider({
  slug: 'standard-webhooks',
  name: 'Standard Webhooks',
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  evidence: 'sdk',
  secret: { label: 'Signing secret, or public key (whpk_…)', pattern: /^(whsec_|whpk_)?[A-Za-z0-9+/]+=*$/ },
  scheme: standardWebhooksOrAsymmetric(),
  event: { type: '/type', id: 'header:webhook-id', occurredAt: '/timestamp' },
})
