import { utf8 } from '../model/bytes.ts'
import type { Verification } from '../model/verification.ts'
import { defineProvider } from './provider.ts'
import { firstOf } from './scheme/combine.ts'
import { documentOf } from './scheme/document.ts'
import { checkMac, hmac, type MacSpec } from './scheme/hmac.ts'
import { atPointer, scalarText } from './scheme/json.ts'
import { failed, type Scheme } from './scheme/scheme.ts'

const MAC: MacSpec = { encoding: 'base64', key: { encoding: 'hex' } }
const ITEM = '/NotificationRequestItem'
const FIELDS = [
  '/pspReference',
  '/originalReference',
  '/merchantAccountCode',
  '/merchantReference',
  '/amount/value',
  '/amount/currency',
  '/eventCode',
  '/success',
]

/** Payment notifications: each item carries a signature over eight of its fields, and each must hold. */
const itemSignatures: Scheme = {
  summary: 'HMAC-SHA256 base64 of eight fields in `additionalData.hmacSignature` of each item (hex key)',
  verify: async (inbound) => {
    const document = documentOf(inbound.request)
    const items = 'value' in document ? atPointer(document.value, '/notificationItems') : undefined
    if (!Array.isArray(items) || items.length === 0) return failed('unsupported_body', 'no notificationItems')
    let verdict: Verification = failed('missing_header')
    for (const item of items) {
      const sent = scalarText(atPointer(item, `${ITEM}/additionalData/hmacSignature`))
      if (!sent) return failed('missing_header', 'an item has no hmacSignature')
      const text = FIELDS.map((field) => scalarText(atPointer(item, `${ITEM}${field}`)) ?? '').join(':')
      const claim = { signatures: [sent], contents: [utf8(text)], inbound }
      verdict = await checkMac(MAC, claim)
      if (verdict.verdict === 'failed') return verdict
    }
    return verdict
  },
}

export const adyen = defineProvider({
  slug: 'adyen',
  name: 'Adyen',
  docs: 'https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures',
  evidence: 'sdk',
  secret: { label: 'HMAC key (hex)', pattern: /^[0-9A-Fa-f]+$/ },
  scheme: firstOf(hmac({ header: 'hmacsignature', ...MAC }), itemSignatures),
  event: {
    type: [`${ITEM}/eventCode`, '/type'],
    id: [`{${ITEM}/pspReference}:{${ITEM}/eventCode}:{${ITEM}/success}`, '{/type}:{/data/id}:{/timestamp}'],
    entityType: '=payment',
    entityId: [`${ITEM}/pspReference`, '/data/id'],
    occurredAt: [`${ITEM}/eventDate`, '/timestamp'],
    batch: '/notificationItems',
  },
  answer: { contentType: 'text/plain', body: '[accepted]' },
})
