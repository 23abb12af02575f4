import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const typeform = defineProvider({
  slug: 'typeform',
  name: 'Typeform',
  docs: 'https://www.typeform.com/developers/webhooks/secure-your-webhooks/',
  evidence: 'code',
  secret: { label: 'Secret' },
  scheme: hmac({ header: 'typeform-signature', prefix: 'sha256=', encoding: 'base64' }),
  event: {
    type: '/event_type',
    id: ['/event_id', '/form_response/token'],
    entityType: '=form',
    entityId: '/form_response/form_id',
    occurredAt: '/form_response/submitted_at',
  },
})
