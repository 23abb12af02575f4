import { defineProvider } from './provider.ts'
import { textAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const twitch = defineProvider({
  slug: 'twitch',
  name: 'Twitch EventSub',
  docs: 'https://dev.twitch.tv/docs/eventsub/handling-webhook-events/',
  evidence: 'code',
  secret: { label: 'Subscription secret' },
  scheme: hmac({
    header: 'twitch-eventsub-message-signature',
    prefix: 'sha256=',
    timestamp: { header: 'twitch-eventsub-message-timestamp', unit: 'iso', toleranceSeconds: 600 },
    signed: '{header:twitch-eventsub-message-id}{ts}{body}',
  }),
  event: {
    type: 'header:twitch-eventsub-subscription-type',
    id: 'header:twitch-eventsub-message-id',
    entityType: '=broadcaster',
    entityId: ['/event/broadcaster_user_id', '/event/user_id'],
    occurredAt: 'header:twitch-eventsub-message-timestamp',
  },
  handshakes: [
    {
      when: {
        has: { 'header:twitch-eventsub-message-type': 'webhook_callback_verification', '/challenge': true },
      },
      answer: ({ read }) => textAnswer(read('/challenge') ?? ''),
    },
  ],
})
