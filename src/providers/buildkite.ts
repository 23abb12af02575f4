import { defineProvider } from './provider.ts'
import { firstOf } from './scheme/combine.ts'
import { hmac } from './scheme/hmac.ts'
import { token } from './scheme/token.ts'

export const buildkite = defineProvider({
  slug: 'buildkite',
  name: 'Buildkite',
  docs: 'https://buildkite.com/docs/apis/webhooks/pipelines',
  evidence: 'documentation',
  secret: { label: 'Token or signing secret' },
  scheme: firstOf(
    hmac({
      header: 'x-buildkite-signature',
      format: { pairs: ',', timestamp: 'timestamp', signature: 'signature' },
      timestamp: { toleranceSeconds: 300 },
      signed: '{ts}.{body}',
    }),
    token({ at: 'header:x-buildkite-token' }),
  ),
  event: {
    type: ['header:x-buildkite-event', '/event'],
    id: 'header:x-buildkite-request',
    entityId: ['/build/id', '/job/id'],
    occurredAt: '/build/created_at',
  },
})
