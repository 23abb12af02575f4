import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const acuity = defineProvider({
  slug: 'acuity',
  name: 'Acuity Scheduling',
  docs: 'https://developers.acuityscheduling.com/docs/webhooks',
  evidence: 'code',
  secret: { label: 'Main API key' },
  scheme: hmac({ header: 'x-acuity-signature', encoding: 'base64' }),
  event: { type: '/action', id: '{/id}:{/action}', entityType: '=appointment', entityId: '/id' },
  notes:
    'The same change of an appointment twice within the window counts as one; set `dedupe` to `none` if that matters.',
})
