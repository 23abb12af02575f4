import { textAnswer } from './scheme/handshake.ts'
import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const slack = defineProvider({
  slug: 'slack',
  name: 'Slack',
  docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: hmac({
    header: 'x-slack-signature',
    prefix: 'v0=',
    timestamp: { header: 'x-slack-request-timestamp', toleranceSeconds: 300 },
    signed: 'v0:{ts}:{body}',
  }),
  event: {
    type: ['/event/type', '/type', 'form:command'],
    id: ['/event_id', '/trigger_id'],
    entityType: '/event/item/type',
    entityId: ['/event/channel', '/channel/id', 'form:channel_id'],
    occurredAt: '/event_time',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { '/type': 'url_verification', '/challenge': true } },
      answer: ({ read }) => textAnswer(read('/challenge') ?? ''),
    },
  ],
  notes:
    'Slash commands expect an answer within 3 seconds; set `response` when the default answer would be shown.',
})
