import { preset } from './preset.ts'
import type { Provider } from './provider.ts'
import { headProbe, keepSecret } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'
import { signature } from './scheme/signature.ts'
import { standardWebhooks } from './scheme/standard-webhooks.ts'
import { basic, token } from './scheme/token.ts'

/** Schemes written from memory or hearsay: to be tried before they are trusted. */
export const unverifiedAToE: readonly Provider[] = [
  preset('aftership', 'AfterShip', hmac({ header: 'aftership-hmac-sha256', encoding: 'base64' }), {
    event: { type: '/event', id: '/event_id' },
  }),
  preset(
    'akeneo',
    'Akeneo',
    hmac({
      header: 'x-akeneo-request-signature',
      timestamp: { header: 'x-akeneo-request-timestamp', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
    { event: { type: '/action', id: '/event_id', batch: '/events' } },
  ),
  preset('alchemy', 'Alchemy', hmac({ header: 'x-alchemy-signature', encoding: 'hex-any' }), {
    event: { type: '/type', id: '/id' },
  }),
  preset('apollo', 'Apollo.io', token({ at: 'query:secret', named: true }), {
    event: { typeDefault: 'enrichment', entityType: '=person', entityId: '/people/0/id' },
    notes: 'Callback of the phone enrichment; put the token into the webhook_url that you give.',
  }),
  preset('ashby', 'Ashby', hmac({ header: 'ashby-signature', prefix: 'sha256=', encoding: 'hex-any' }), {
    event: { type: '/action' },
  }),
  preset('assemblyai', 'AssemblyAI', token({ at: 'header:x-custom', named: true }), {
    event: { id: '/transcript_id' },
  }),
  preset('attentive', 'Attentive', hmac({ header: 'x-attentive-hmac-sha256', encoding: 'hex-any' }), {
    event: { type: '/type' },
  }),
  preset(
    'authorize-net',
    'Authorize.Net',
    hmac({ hash: 'sha512', header: 'x-anet-signature', prefix: 'sha512=', encoding: 'hex-any' }),
    { event: { type: '/eventType', id: '/notificationId' } },
  ),
  preset('bandwidth', 'Bandwidth', basic()),
  preset(
    'bird',
    'Bird (new platform)',
    hmac({
      header: 'messagebird-signature',
      timestamp: { header: 'messagebird-request-timestamp', toleranceSeconds: 300 },
      encoding: 'base64',
      signed: '{ts}\n{url}\n{sha256raw(body)}',
    }),
    { event: { type: '/event', id: '/payload/id' } },
  ),
  preset('brex', 'Brex', standardWebhooks({ key: { encoding: 'base64' } }), {
    event: { type: '/event_type', id: 'header:webhook-id' },
  }),
  preset(
    'bridge-api',
    'Bridge API (bridgeapi.io)',
    hmac({ header: 'bridgeapi-signature', prefix: 'v1=', format: { list: ',' }, encoding: 'hex-any' }),
    { event: { type: '/type' } },
  ),
  preset('checkout-com', 'Checkout.com', hmac({ header: 'cko-signature', encoding: 'hex-any' }), {
    event: { type: '/type', id: '/id' },
  }),
  preset(
    'circle',
    'Circle',
    signature({ name: 'ecdsa-p256', hash: 'sha256', header: 'x-circle-signature' }),
    { event: { type: '/notificationType', id: '/notificationId' }, handshakes: [headProbe] },
  ),
  preset('clio', 'Clio', hmac({ header: 'x-hook-signature', encoding: 'hex-any' }), {
    secret: { label: 'Secret from the handshake (X-Hook-Secret)', handedOver: true },
    event: { type: '/meta/event', entityId: '/data/id' },
    handshakes: [
      {
        when: { method: 'POST', has: { 'header:x-hook-secret': true } },
        answer: keepSecret('header:x-hook-secret', (secret) => ({ 'X-Hook-Secret': secret })),
      },
    ],
  }),
  preset(
    'close-crm',
    'Close',
    hmac({
      header: 'close-sig-hash',
      timestamp: { header: 'close-sig-timestamp', toleranceSeconds: 300 },
      encoding: 'hex-any',
      key: { encoding: 'hex' },
      signed: '{ts}{body}',
    }),
    {
      event: {
        type: '{/event/object_type}.{/event/action}',
        id: '/event/id',
        entityType: '/event/object_type',
        entityId: '/event/object_id',
        occurredAt: '/event/date_created',
      },
    },
  ),
  preset('cloudflare-notifications', 'Cloudflare Notifications', token({ at: 'header:cf-webhook-auth' }), {
    event: { type: '/alert_type', id: '/alert_correlation_id' },
  }),
  preset('cloudsignal', 'CloudSignal', token({ at: 'header:x-api-key', named: true })),
  preset(
    'commercelayer',
    'Commerce Layer',
    hmac({ header: 'x-commercelayer-signature', encoding: 'base64' }),
    { event: { type: 'header:x-commercelayer-topic', entityType: '/data/type', entityId: '/data/id' } },
  ),
  preset(
    'courier',
    'Courier',
    hmac({
      header: 'courier-signature',
      format: { pairs: ',', timestamp: 't', signature: 'signature' },
      timestamp: { unit: 'ms', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '{ts}.{body}',
    }),
    { event: { type: '/type' } },
  ),
  preset(
    'crisp',
    'Crisp',
    hmac({
      header: 'x-crisp-signature',
      timestamp: { header: 'x-crisp-request-timestamp', unit: 'ms', toleranceSeconds: 300 },
      encoding: 'hex-any',
      signed: '[{ts};{body}]',
    }),
    { event: { type: '/event' } },
  ),
  preset(
    'cronofy',
    'Cronofy',
    hmac({ header: 'cronofy-hmac-sha256', format: { list: ',' }, encoding: 'base64' }),
    { event: { type: '/notification/type' } },
  ),
  preset(
    'daily',
    'Daily.co',
    hmac({
      header: 'x-webhook-signature',
      timestamp: { header: 'x-webhook-timestamp', toleranceSeconds: 300 },
      encoding: 'base64',
      key: { encoding: 'base64' },
      signed: '{ts}.{body}',
    }),
    { event: { type: '/type', id: '/id' } },
  ),
  preset('datadog', 'Datadog', token({ at: 'header:x-custom-header', named: true }), {
    event: {
      type: ['/event_type', '/alert_type'],
      typeDefault: 'alert',
      id: '/id',
      entityId: '/alert_id',
      occurredAt: '/date',
    },
  }),
  preset('docker-hub', 'Docker Hub', undefined, {
    event: {
      typeDefault: 'push',
      id: '{/push_data/pushed_at}:{/repository/repo_name}:{/push_data/tag}',
      entityType: '=repository',
      entityId: '/repository/repo_name',
      occurredAt: '/push_data/pushed_at',
    },
  }),
  preset(
    'doppler',
    'Doppler',
    hmac({ header: 'x-doppler-signature', prefix: 'sha256=', encoding: 'hex-any' }),
  ),
  preset('dwolla', 'Dwolla', hmac({ header: 'x-request-signature-sha-256', encoding: 'hex-any' }), {
    event: { type: '/topic', id: '/id' },
  }),
  preset(
    'enode',
    'Enode',
    hmac({ hash: 'sha1', header: 'x-enode-signature', prefix: 'sha1=', encoding: 'hex-any' }),
    { event: { type: '/event', id: 'header:x-enode-delivery', batch: '' } },
  ),
  preset('ethoca', 'Ethoca', undefined),
  preset(
    'exact-online',
    'Exact Online',
    hmac({ from: '/HashCode', encoding: 'hex-upper', signed: '{rawJson:Content}' }),
    {
      event: {
        type: '/Content/Topic',
        id: '{/Content/Key}:{/Content/Action}:{/HashCode}',
        entityType: '/Content/Topic',
        entityId: '/Content/Key',
      },
    },
  ),
]
