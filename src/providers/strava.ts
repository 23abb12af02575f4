import { defineProvider } from './provider.ts'
import { hubChallenge } from './scheme/challenges.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { token } from './scheme/token.ts'

export const strava = defineProvider({
  slug: 'strava',
  name: 'Strava',
  docs: 'https://developers.strava.com/docs/webhooks/',
  evidence: 'code',
  secret: { label: 'Subscription id' },
  scheme: token({ at: '/subscription_id' }),
  event: {
    type: '{/object_type}.{/aspect_type}',
    id: '{/object_id}:{/aspect_type}:{/event_time}',
    entityType: '/object_type',
    entityId: '/object_id',
    occurredAt: '/event_time',
    changes: '/updates',
  },
  handshakes: [hubChallenge((challenge) => jsonAnswer({ 'hub.challenge': challenge }))],
})
