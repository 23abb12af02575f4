import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const jobber = defineProvider({
  slug: 'jobber',
  name: 'Jobber',
  docs: 'https://developer.getjobber.com/docs/using_jobbers_api/setting_up_webhooks/',
  evidence: 'code',
  secret: { label: 'Client secret' },
  scheme: hmac({ header: 'x-jobber-hmac-sha256', encoding: 'base64' }),
  event: {
    type: '/data/webHookEvent/topic',
    entityType: '/data/webHookEvent/topic',
    entityId: '/data/webHookEvent/itemId',
    occurredAt: ['/data/webHookEvent/occurredAt', '/data/webHookEvent/occuredAt'],
  },
})
