import { defineProvider } from './provider.ts'
import { keepSecret } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const asana = defineProvider({
  slug: 'asana',
  name: 'Asana',
  docs: 'https://developers.asana.com/docs/webhooks-guide',
  evidence: 'code',
  secret: { label: 'Secret from the handshake (X-Hook-Secret)', handedOver: true },
  scheme: hmac({ header: 'x-hook-signature' }),
  event: {
    type: '{/resource/resource_type}.{/action}',
    id: '{/resource/gid}:{/action}:{/created_at}:{/parent/gid}',
    entityType: '/resource/resource_type',
    entityId: '/resource/gid',
    occurredAt: '/created_at',
    changes: '/change',
    batch: '/events',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { 'header:x-hook-secret': true } },
      answer: keepSecret('header:x-hook-secret', (secret) => ({ 'X-Hook-Secret': secret })),
    },
  ],
})
