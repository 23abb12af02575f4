import { preset } from './preset.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer, jsonAnswer, textAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'
import { jwt } from './scheme/jwt.ts'
import { signature } from './scheme/signature.ts'
import { token } from './scheme/token.ts'

/** Schemes written from memory or hearsay: to be tried before they are trusted. */
export const unverifiedFToO: readonly Provider[] = [
  preset(
    'fal-ai',
    'fal.ai',
    signature({
      name: 'ed25519',
      header: 'x-fal-webhook-signature',
      encoding: 'hex',
      timestamp: { header: 'x-fal-webhook-timestamp', toleranceSeconds: 300 },
      signed: '{header:x-fal-webhook-request-id}\n{header:x-fal-webhook-user-id}\n{ts}\n{sha256hex(body)}',
      keyJson: { url: 'https://rest.alpha.fal.ai/.well-known/jwks.json', pointer: '/keys/0/x' },
    }),
    { event: { type: '/status', id: 'header:x-fal-webhook-request-id', entityId: '/request_id' } },
  ),
  preset(
    'favro',
    'Favro',
    hmac({
      hash: 'sha1',
      header: 'x-favro-webhook',
      encoding: 'base64',
      signed: '{json:payloadId}{config:url}',
    }),
    { event: { type: '/action', id: '/payloadId' } },
  ),
  preset(
    'fireblocks',
    'Fireblocks',
    signature({ name: 'rsa', hash: 'sha512', header: 'fireblocks-signature' }),
    { event: { type: '/type', entityId: '/data/id', occurredAt: '/timestamp' } },
  ),
  preset(
    'fireflies',
    'Fireflies.ai',
    hmac({ header: 'x-hub-signature', prefix: 'sha256=', encoding: 'hex-any' }),
    {
      event: {
        type: '/eventType',
        id: '{/meetingId}:{/eventType}',
        entityType: '=meeting',
        entityId: '/meetingId',
      },
    },
  ),
  preset('flexport', 'Flexport', hmac({ header: 'x-hub-signature', prefix: 'sha256=', encoding: 'hex-any' })),
  preset(
    'frameio',
    'Frame.io',
    hmac({
      header: 'x-frameio-signature',
      prefix: 'v0=',
      timestamp: { header: 'x-frameio-request-timestamp', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: 'v0:{ts}:{body}',
    }),
    { event: { type: '/type' } },
  ),
  preset(
    'front',
    'Front',
    hmac({
      header: 'x-front-signature',
      timestamp: { header: 'x-front-request-timestamp', unit: 'ms', toleranceSeconds: 300 },
      encoding: 'base64',
      signed: '{ts}:{body}',
    }),
    {
      event: { type: '/type', id: '/id' },
      handshakes: [
        {
          when: { has: { 'header:x-front-challenge': true } },
          signed: true,
          answer: ({ read }) => textAnswer(read('header:x-front-challenge') ?? ''),
        },
      ],
    },
  ),
  preset(
    'grafana',
    'Grafana Alerting',
    hmac({ header: 'x-grafana-alerting-signature', encoding: 'hex-any' }),
    { event: { type: '/status', entityType: '=alert', entityId: '/groupKey' } },
  ),
  preset('gumroad', 'Gumroad', token({ at: 'query:secret', named: true }), {
    event: {
      type: '/resource_name',
      typeDefault: 'sale',
      id: '{/sale_id}:{/refunded}',
      entityType: '=sale',
      entityId: '/sale_id',
    },
  }),
  preset('huggingface', 'Hugging Face', token({ at: 'header:x-webhook-secret' }), {
    event: { type: '{/event/action}.{/scope}' },
  }),
  preset('hunter', 'Hunter.io', token({ at: 'query:secret', named: true }), {
    event: {
      type: ['/event', '/type'],
      id: '/id',
      entityType: '=lead',
      entityId: ['/data/id', '/data/email'],
    },
  }),
  preset('jotform', 'Jotform', token({ at: 'query:secret', named: true }), {
    event: { id: '/submissionID' },
  }),
  preset('kinde', 'Kinde', jwt({ algorithms: ['RS256'] }), {
    event: { type: '/type', id: '/event_id', occurredAt: '/event_timestamp' },
  }),
  preset(
    'linkedin',
    'LinkedIn',
    hmac({ header: 'x-li-signature', encoding: 'hex-any', signed: 'hmacsha256={body}' }),
    {
      event: { type: '/type', id: '/notificationId' },
      handshakes: [
        {
          when: { method: 'GET', has: { 'query:challengeCode': true } },
          answer: async ({ read, hmac }) => {
            const challengeCode = read('query:challengeCode')
            const challengeResponse = await hmac(challengeCode)
            return challengeResponse === undefined
              ? undefined
              : jsonAnswer({ challengeCode, challengeResponse })
          },
        },
      ],
    },
  ),
  preset('mailchimp', 'Mailchimp Marketing', token({ at: 'query:secret', named: true }), {
    event: { type: '/type', id: '{/type}:{/fired_at}:{/data[id]}' },
    handshakes: [{ when: { method: 'GET' }, answer: () => emptyAnswer() }],
  }),
  preset('mailersend', 'MailerSend', hmac({ header: 'signature', encoding: 'hex-any' }), {
    event: { type: '/type', id: '/data/id' },
  }),
  preset('meraki', 'Cisco Meraki', token({ at: '/sharedSecret' }), {
    event: { type: '/alertType', id: '/alertId' },
  }),
  preset(
    'mercury',
    'Mercury',
    hmac({
      header: 'mercury-signature',
      format: { pairs: ',', timestamp: 't', signature: 'v1' },
      timestamp: { toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
  ),
  preset(
    'nmi',
    'NMI',
    hmac({
      header: 'webhook-signature',
      format: { pairs: ',', timestamp: 't', signature: 's' },
      timestamp: { unit: 'opaque' },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
    { event: { type: '/event_type', id: '/event_id' } },
  ),
  preset(
    'npm',
    'npm registry hooks',
    hmac({ header: 'x-npm-signature', prefix: 'sha256=', encoding: 'hex-any' }),
    { event: { type: '/event', id: '{/time}:{/name}' } },
  ),
  preset(
    'nuvemshop',
    'Nuvemshop / Tiendanube',
    hmac({ header: 'x-linkedstore-hmac-sha256', encoding: 'hex-any' }),
    { event: { type: '/event', entityId: '/id' } },
  ),
  preset(
    'oura',
    'Oura',
    hmac({
      header: 'x-oura-signature',
      timestamp: { header: 'x-oura-timestamp', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}{body}',
    }),
    {
      event: { type: '{/event_type}.{/data_type}', id: '{/object_id}:{/event_time}' },
      handshakes: [
        {
          when: { method: 'GET', has: { 'query:challenge': true, 'query:verification_token': true } },
          answer: ({ read }) => jsonAnswer({ challenge: read('query:challenge') }),
        },
      ],
    },
  ),
]
