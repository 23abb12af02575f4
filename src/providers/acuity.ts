import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const acuity = defineProvider({
  slug: 'acuity',
  name: 'Acuity Scheduling',
  docs: 'https://developers.acuityscheduling.com/docs/webhooks',
  evidence: 'code',
  secret: { label: 'Main API key' },
  scheme: hmac({ header: 'x-acuity-signature', encoding: 'base64' }),
  event: { type: '/action', entityType: '=appointment', entityId: '/id' },
})
