import { preset } from './preset.ts'
import type { Provider } from './provider.ts'
import { anyOf } from './scheme/combine.ts'
import { digest } from './scheme/digest.ts'
import { emptyAnswer, jsonAnswer, textAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'
import { jwt } from './scheme/jwt.ts'
import { signature } from './scheme/signature.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'
import { token } from './scheme/token.ts'

/** The fields that Paymob concatenates, in its order. */
const PAYMOB_FIELDS =
  '{json:obj.amount_cents}{json:obj.created_at}{json:obj.currency}{json:obj.error_occured}' +
  '{json:obj.has_parent_transaction}{json:obj.id}{json:obj.integration_id}{json:obj.is_3d_secure}{json:obj.is_auth}' +
  '{json:obj.is_capture}{json:obj.is_refunded}{json:obj.is_standalone_payment}{json:obj.is_voided}' +
  '{json:obj.order.id}{json:obj.owner}{json:obj.pending}{json:obj.source_data.pan}{json:obj.source_data.sub_type}' +
  '{json:obj.source_data.type}{json:obj.success}'

/** Schemes written from memory or hearsay: to be tried before they are trusted. */
export const unverifiedPToZ: readonly Provider[] = [
  preset(
    'paddle-classic',
    'Paddle Classic',
    signature({ name: 'rsa', hash: 'sha1', from: 'form:p_signature', signed: '{phpForm:p_signature}' }),
    {
      event: {
        type: '/alert_name',
        id: '/alert_id',
        entityId: ['/subscription_id', '/order_id'],
        occurredAt: '/event_time',
      },
    },
  ),
  preset('pandadoc', 'PandaDoc', hmac({ from: 'query:signature', encoding: 'hex-any' }), {
    event: { type: '/event', batch: '' },
  }),
  preset(
    'paymob',
    'Paymob',
    hmac({ hash: 'sha512', from: 'query:hmac', encoding: 'hex-any', signed: PAYMOB_FIELDS }),
    {
      event: {
        type: '/type',
        id: '{/type}:{/obj/id}',
        entityType: '=transaction',
        entityId: '/obj/id',
        occurredAt: '/obj/created_at',
      },
    },
  ),
  preset(
    'paypro-global',
    'PayPro Global',
    digest({
      hash: 'sha256',
      from: 'form:SIGNATURE',
      encoding: 'hex-any',
      signed:
        '{form:ORDER_ID}{form:ORDER_STATUS}{form:ORDER_TOTAL_AMOUNT}{form:CUSTOMER_EMAIL}{secret}{form:TEST_MODE}{form:IPN_TYPE_NAME}',
    }),
    {
      event: {
        type: '/IPN_TYPE_NAME',
        id: '{/ORDER_ID}:{/IPN_TYPE_NAME}',
        entityType: '=order',
        entityId: '/ORDER_ID',
      },
    },
  ),
  preset(
    'persona',
    'Persona',
    hmac({
      header: 'persona-signature',
      format: { pairs: ',', timestamp: 't', signature: 'v1', group: ' ' },
      timestamp: { toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
    { event: { type: '/data/attributes/name', id: '/data/id' } },
  ),
  preset('picqer', 'Picqer', hmac({ header: 'x-picqer-signature', encoding: 'base64' }), {
    event: { type: '/event', id: '{/idhook}:{/event_triggered_at}' },
  }),
  preset('pylon', 'Pylon', hmac({ header: 'pylon-webhook-signature', encoding: 'hex-any' })),
  preset(
    'quo',
    'Quo (OpenPhone)',
    hmac({
      header: 'openphone-signature',
      format: { positional: ';', timestamp: 2, signature: 3 },
      timestamp: { unit: 'ms', toleranceSeconds: 300 },
      encoding: 'base64',
      key: { encoding: 'base64' },
      signed: '{ts}.{body}',
    }),
    { event: { type: '/type', id: '/id' } },
  ),
  preset('ramp', 'Ramp', hmac({ header: 'x-ramp-signature', encoding: 'hex-any' }), {
    event: { type: '/type', id: '/id' },
  }),
  preset('recall-ai', 'Recall.ai', standardWebhooks({ vendors: ['svix', 'webhook'] })),
  preset('revenuecat', 'RevenueCat', token({ at: 'header:authorization' }), {
    event: { type: '/event/type', id: '/event/id' },
  }),
  preset(
    'revolut',
    'Revolut',
    hmac({
      header: 'revolut-signature',
      prefix: 'v1=',
      format: { list: ',' },
      timestamp: { header: 'revolut-request-timestamp', unit: 'ms', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: 'v1.{ts}.{body}',
    }),
    { event: { type: '/event' } },
  ),
  preset('ringcentral', 'RingCentral', token({ at: 'header:verification-token' }), {
    event: { type: '/event', id: '/uuid' },
    handshakes: [
      {
        when: { has: { 'header:validation-token': true } },
        answer: ({ read }) => emptyAnswer({ 'Validation-Token': read('header:validation-token') ?? '' }),
      },
    ],
  }),
  preset('segment', 'Segment', hmac({ hash: 'sha1', header: 'x-signature', encoding: 'hex-any' }), {
    event: { type: '/type', id: '/messageId' },
  }),
  preset('shipbob', 'ShipBob', standardWebhooks(), { event: { type: 'header:shipbob-topic' } }),
  preset('shiphero', 'ShipHero', hmac({ header: 'x-shiphero-hmac-sha256', encoding: 'base64' }), {
    event: { type: '/webhook_type' },
    answer: { contentType: 'application/json', body: '{"code":"200","Status":"Success"}' },
  }),
  preset(
    'shipstation',
    'ShipStation / ShipEngine',
    signature({
      name: 'rsa',
      hash: 'sha256',
      header: 'x-shipengine-rsa-sha256-signature',
      timestamp: { header: 'x-shipengine-timestamp', unit: 'iso', toleranceSeconds: 300 },
      signed: '{ts}.{body}',
    }),
    { event: { type: '/resource_type', entityId: '/resource_url' } },
  ),
  preset('shopline', 'SHOPLINE', hmac({ header: 'x-shopline-hmac-sha256', encoding: 'hex-any' }), {
    event: { type: 'header:x-shopline-topic', id: 'header:x-shopline-webhook-id' },
  }),
  preset('snyk', 'Snyk', hmac({ header: 'x-hub-signature', prefix: 'sha256=', encoding: 'hex-any' }), {
    event: { type: 'header:x-snyk-event', id: 'header:x-snyk-transport-id' },
  }),
  preset(
    'solidgate',
    'Solidgate',
    hmac({
      hash: 'sha512',
      header: 'signature',
      encoding: 'base64-of-hex',
      signed: '{config:publicKey}{body}{config:publicKey}',
    }),
    { event: { type: 'header:solidgate-event-type', id: 'header:solidgate-event-id' } },
  ),
  preset(
    'statsig',
    'Statsig',
    hmac({
      header: 'x-statsig-signature',
      prefix: 'v0=',
      timestamp: { header: 'x-statsig-request-timestamp', unit: 'ms', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: 'v0:{ts}:{body}',
    }),
  ),
  preset('supabase', 'Supabase DB webhooks', token({ at: 'header:authorization', named: true }), {
    event: { type: '{/type}.{/table}' },
  }),
  preset(
    'synctera',
    'Synctera',
    hmac({
      header: 'synctera-signature',
      format: { list: '.' },
      timestamp: { header: 'request-timestamp', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
    { event: { type: '/type', id: '/id' } },
  ),
  preset(
    'tebex',
    'Tebex',
    hmac({ header: 'x-signature', encoding: 'hex-any', signed: '{sha256hex(body)}' }),
    {
      event: { type: '/type', id: '/id' },
      handshakes: [
        {
          when: { method: 'POST', has: { '/type': 'validation.webhook' } },
          signed: true,
          answer: ({ read }) => jsonAnswer({ id: read('/id') }),
        },
      ],
    },
  ),
  preset(
    'terraform-cloud',
    'HCP Terraform',
    hmac({ hash: 'sha512', header: 'x-tfe-notification-signature', encoding: 'hex-any' }),
    { event: { type: '/notifications/0/trigger' } },
  ),
  preset(
    'tiktok',
    'TikTok for Developers',
    hmac({
      header: 'tiktok-signature',
      format: { pairs: ',', timestamp: 't', signature: 's' },
      timestamp: { toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
    { event: { type: '/event', id: '{/user_openid}:{/create_time}:{/event}' } },
  ),
  preset(
    'tiktok-shop',
    'TikTok Shop',
    hmac({ header: 'authorization', encoding: 'hex-any', signed: '{config:appKey}{body}' }),
    { event: { type: '/type', id: '/tts_notification_id' } },
  ),
  preset(
    'tokenio',
    'Token.io',
    signature({ name: 'ed25519', header: 'token-signature', encoding: 'base64url' }),
  ),
  preset(
    'travis-ci',
    'Travis CI',
    signature({
      name: 'rsa',
      hash: 'sha1',
      header: 'signature',
      signed: '{form:payload}',
      keyJson: {
        url: 'https://api.travis-ci.com/config',
        pointer: '/config/notifications/webhook/public_key',
      },
    }),
    {
      event: {
        type: ['{/type}.{/state}', '/state'],
        id: '{/id}:{/state}',
        entityId: '/id',
        occurredAt: '/finished_at',
      },
    },
  ),
  preset('uber', 'Uber', hmac({ header: 'x-uber-signature', encoding: 'hex-any' }), {
    event: { type: '/event_type', id: '/event_id' },
  }),
  preset('utila', 'Utila', signature({ name: 'rsa-pss', hash: 'sha512', header: 'x-utila-signature' }), {
    event: { type: '/type', id: '/id' },
  }),
  preset(
    'vapi',
    'Vapi',
    anyOf(token({ at: 'header:x-vapi-secret' }), hmac({ header: 'x-vapi-signature', encoding: 'hex-any' })),
    { event: { type: '/message/type' } },
  ),
  preset('vercel-log-drains', 'Vercel Log Drains', hmac({ hash: 'sha1', header: 'x-vercel-signature' }), {
    event: {
      type: ['/source', '/type'],
      typeDefault: 'log',
      id: '/id',
      entityId: ['/deploymentId', '/projectId'],
      occurredAt: '/timestamp',
      batch: '',
    },
  }),
  preset(
    'wechat',
    'WeChat Official Accounts',
    digest({
      hash: 'sha1',
      from: 'query:signature',
      signed: [
        '{secret}{query:timestamp}{query:nonce}',
        '{secret}{query:nonce}{query:timestamp}',
        '{query:timestamp}{secret}{query:nonce}',
        '{query:nonce}{secret}{query:timestamp}',
        '{query:timestamp}{query:nonce}{secret}',
        '{query:nonce}{query:timestamp}{secret}',
      ],
    }),
    {
      event: {
        type: ['{/xml/MsgType}.{/xml/Event}', '/xml/MsgType'],
        id: '/xml/MsgId',
        entityId: '/xml/FromUserName',
        occurredAt: '/xml/CreateTime',
      },
      handshakes: [
        {
          when: { method: 'GET', has: { 'query:echostr': true } },
          signed: true,
          answer: ({ read }) => textAnswer(read('query:echostr') ?? ''),
        },
      ],
      answer: { contentType: 'text/plain', body: 'success' },
    },
  ),
  preset('wix', 'Wix', jwt({ algorithms: ['RS256'] }), {
    event: { type: '/data/eventType', id: '/data/entityEventId' },
  }),
  preset('zapier', 'Zapier (Webhooks by Zapier POST)', token({ at: 'header:authorization', named: true }), {
    event: { type: ['/type', '/event'], id: '/id' },
  }),
  preset('zift', 'Zift', undefined),
  preset('zoominfo', 'ZoomInfo', token({ at: 'header:authorization', named: true }), {
    event: {
      type: ['/eventType', '/type'],
      id: ['/id', '/eventId'],
      entityType: ['/objectType', '/entityType'],
      entityId: ['/companyId', '/personId', '/objectId'],
      occurredAt: ['/timestamp', '/eventDate'],
    },
  }),
]
