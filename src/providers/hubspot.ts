import { defineProvider } from './provider.ts'
import { firstOf } from './scheme/combine.ts'
import { digest } from './scheme/digest.ts'
import { hmac } from './scheme/hmac.ts'

export const hubspot = defineProvider({
  slug: 'hubspot',
  name: 'HubSpot',
  docs: 'https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests',
  evidence: 'sdk',
  secret: { label: 'Client secret of the app' },
  scheme: firstOf(
    hmac({
      header: 'x-hubspot-signature-v3',
      timestamp: { header: 'x-hubspot-request-timestamp', unit: 'ms', toleranceSeconds: 300 },
      encoding: 'base64',
      signed: ['{method}{url}{body}{ts}', '{method}{decodedUrl}{body}{ts}'],
    }),
    digest({
      hash: 'sha256',
      header: 'x-hubspot-signature',
      require: { 'x-hubspot-signature-version': 'v2' },
      signed: '{secret}{method}{url}{body}',
    }),
    digest({
      hash: 'sha256',
      header: 'x-hubspot-signature',
      require: { 'x-hubspot-signature-version': 'v1' },
      signed: '{secret}{body}',
    }),
  ),
  event: {
    type: ['/subscriptionType', '/eventType'],
    id: '{/eventId}:{/subscriptionId}:{/objectId}:{/occurredAt}',
    entityType: ['/objectTypeId', '/subscriptionType'],
    entityId: '/objectId',
    occurredAt: '/occurredAt',
    changes: '/propertyName',
    batch: '',
  },
})
