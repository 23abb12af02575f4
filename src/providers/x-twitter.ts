import { defineProvider } from './provider.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

/** Which of these members a body has says what it is about. */
const MEMBERS =
  'tweet_create_events,direct_message_events,favorite_events,follow_events,block_events,' +
  'mute_events,user_event,direct_message_indicate_typing_events,direct_message_mark_read_events,' +
  'tweet_delete_events'

export const xTwitter = defineProvider({
  slug: 'x-twitter',
  name: 'X (Twitter)',
  docs: 'https://docs.x.com/x-api/webhooks/quickstart',
  evidence: 'documentation',
  secret: { label: 'API secret key (consumer secret)' },
  scheme: hmac({ header: 'x-twitter-webhooks-signature', prefix: 'sha256=', encoding: 'base64' }),
  event: {
    type: `oneOf:${MEMBERS}`,
    id: ['/tweet_create_events/0/id_str', '/direct_message_events/0/id', '/favorite_events/0/id'],
    entityType: '=user',
    entityId: '/for_user_id',
    occurredAt: ['/tweet_create_events/0/timestamp_ms', '/direct_message_events/0/created_timestamp'],
  },
  handshakes: [
    {
      when: { method: 'GET', has: { 'query:crc_token': true } },
      answer: async ({ read, hmac }) => {
        const response = await hmac(read('query:crc_token'), { encoding: 'base64' })
        return response === undefined ? undefined : jsonAnswer({ response_token: `sha256=${response}` })
      },
    },
  ],
})
