import { hmac, type HmacSpec } from './hmac.ts'
import type { Scheme } from './scheme.ts'

/** The scheme of the Standard Webhooks specification; `vendors` are the prefixes of the header names besides `webhook`. */
export function standardWebhooks({
  vendors = ['webhook'],
  key = { stripPrefix: 'whsec_', encoding: 'base64' },
}: { vendors?: readonly string[]; key?: HmacSpec['key'] } = {}): Scheme {
  return hmac({
    header: vendors.map((vendor) => `${vendor}-signature`),
    id: vendors.map((vendor) => `${vendor}-id`),
    timestamp: { header: vendors.map((vendor) => `${vendor}-timestamp`), toleranceSeconds: 300 },
    encoding: 'base64',
    prefix: 'v1,',
    format: { list: ' ' },
    signed: '{id}.{ts}.{body}',
    key,
  })
}
