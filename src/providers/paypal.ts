import { defineProvider } from './provider.ts'
import { signature } from './scheme/signature.ts'

const CONTENT = '{header:paypal-transmission-id}|{header:paypal-transmission-time}'

export const paypal = defineProvider({
  slug: 'paypal',
  name: 'PayPal',
  docs: 'https://developer.paypal.com/api/rest/webhooks/rest/#link-messagesignature',
  evidence: 'documentation',
  secret: { label: 'Webhook id', help: 'Or `config.webhookId`.' },
  scheme: signature({
    name: 'rsa',
    hash: 'sha256',
    header: 'paypal-transmission-sig',
    signed: [`${CONTENT}|{config:webhookId}|{crc32(body)}`, `${CONTENT}|{secret}|{crc32(body)}`],
    require: { 'paypal-auth-algo': 'SHA256withRSA' },
    keyAt: {
      place: 'header:paypal-cert-url',
      hosts: ['api.paypal.com', 'api.sandbox.paypal.com'],
      path: /^\/v1\/notifications\/certs\/CERT-[0-9a-f-]{1,80}$/,
    },
  }),
  event: {
    type: '/event_type',
    id: '/id',
    entityType: '/resource_type',
    entityId: '/resource/id',
    occurredAt: '/create_time',
  },
})
