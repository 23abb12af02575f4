import { defineProvider } from './provider.ts'
import { keepSecret } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const notion = defineProvider({
  slug: 'notion',
  name: 'Notion',
  docs: 'https://developers.notion.com/reference/webhooks',
  evidence: 'sdk',
  secret: { label: 'Verification token', handedOver: true },
  scheme: hmac({ header: 'x-notion-signature', prefix: 'sha256=' }),
  event: {
    type: '/type',
    id: '/id',
    entityType: '/entity/type',
    entityId: '/entity/id',
    occurredAt: '/timestamp',
    changes: '/data',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { '/verification_token': true }, lacks: ['header:x-notion-signature'] },
      answer: keepSecret('/verification_token'),
    },
  ],
})
