import { defineProvider } from './provider.ts'
import { emptyAnswer, jsonAnswer } from './scheme/handshake.ts'
import { signature } from './scheme/signature.ts'

export const discord = defineProvider({
  slug: 'discord',
  name: 'Discord',
  docs: 'https://docs.discord.com/developers/interactions/overview',
  evidence: 'sdk',
  secret: { label: 'Application public key' },
  scheme: signature({
    name: 'ed25519',
    header: 'x-signature-ed25519',
    timestamp: { header: 'x-signature-timestamp' },
    encoding: 'hex',
    signed: '{ts}{body}',
  }),
  event: {
    type: ['/event/type', '/type'],
    id: '/id',
    entityId: ['/event/data/id', '/channel_id'],
    occurredAt: '/event/timestamp',
  },
  handshakes: [
    { when: { method: 'POST', has: { '/type': '1' } }, signed: true, answer: () => jsonAnswer({ type: 1 }) },
    {
      when: { method: 'POST', has: { '/type': '0', '/application_id': true } },
      signed: true,
      answer: () => emptyAnswer({}, 204),
    },
  ],
  answer: { status: 204 },
  notes: 'Discord sends badly signed requests on purpose and removes URLs that do not refuse them.',
})
