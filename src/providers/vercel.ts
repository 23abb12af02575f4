import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const vercel = defineProvider({
  slug: 'vercel',
  name: 'Vercel',
  docs: 'https://vercel.com/docs/webhooks/webhooks-api',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ hash: 'sha1', header: 'x-vercel-signature' }),
  event: {
    type: '/type',
    id: '/id',
    entityId: ['/payload/deployment/id', '/payload/project/id'],
    occurredAt: '/createdAt',
  },
})
