import { anyOf } from './combine.ts'
import { hmac, type HmacSpec } from './hmac.ts'
import type { Scheme } from './scheme.ts'
import { signature } from './signature.ts'
import type { SignedSpec } from './signed.ts'

/** The scheme of the Standard Webhooks specification; `vendors` are the prefixes of the header names besides `webhook`. */
export function standardWebhooks({
  vendors = ['webhook'],
  key = { stripPrefix: 'whsec_', encoding: 'base64' },
}: { vendors?: readonly string[]; key?: HmacSpec['key'] } = {}): Scheme {
  return hmac({ ...signedBy(vendors), encoding: 'base64', prefix: 'v1,', key })
}

/** As above, and its asymmetric form: `v1a`, checked with a public key (`whpk_…`) instead of a secret. */
export function standardWebhooksOrAsymmetric(): Scheme {
  const asymmetric = { name: 'ed25519', encoding: 'base64', prefix: 'v1a,' } as const
  return anyOf(standardWebhooks(), signature({ ...signedBy(['webhook']), ...asymmetric }))
}

function signedBy(vendors: readonly string[]): SignedSpec {
  return {
    header: vendors.map((vendor) => `${vendor}-signature`),
    id: vendors.map((vendor) => `${vendor}-id`),
    timestamp: { header: vendors.map((vendor) => `${vendor}-timestamp`), toleranceSeconds: 300 },
    format: { list: ' ' },
    signed: '{id}.{ts}.{body}',
  }
}
