import { defineProvider } from './provider.ts'
import { headProbe } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'
import { configText } from './scheme/scheme.ts'

export const surveymonkey = defineProvider({
  slug: 'surveymonkey',
  name: 'SurveyMonkey',
  docs: 'https://developer.surveymonkey.com/api/v3/#webhooks',
  evidence: 'code',
  secret: { label: 'Client secret' },
  scheme: hmac({
    hash: 'sha1',
    header: 'sm-signature',
    encoding: 'base64',
    keyFrom: (config, secret) =>
      `${configText(config, 'clientId') ?? ''}&${configText(config, 'clientSecret') ?? secret}`,
  }),
  event: {
    type: '/event_type',
    id: '/event_id',
    entityType: '/object_type',
    entityId: '/object_id',
    occurredAt: '/event_datetime',
  },
  handshakes: [headProbe],
})
