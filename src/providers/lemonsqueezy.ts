import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const lemonsqueezy = defineProvider({
  slug: 'lemonsqueezy',
  name: 'Lemon Squeezy',
  docs: 'https://docs.lemonsqueezy.com/help/webhooks/signing-requests',
  evidence: 'code',
  secret: { label: 'Signing secret' },
  scheme: hmac({ header: 'x-signature' }),
  event: {
    type: ['header:x-event-name', '/meta/event_name'],
    id: '{/meta/webhook_id}:{/meta/event_name}:{/data/id}:{/data/attributes/updated_at}',
    entityType: '/data/type',
    entityId: '/data/id',
    occurredAt: '/data/attributes/updated_at',
  },
})
