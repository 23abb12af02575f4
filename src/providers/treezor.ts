import { utf8 } from '../model/bytes.ts'
import { defineProvider } from './provider.ts'
import { documentOf } from './scheme/document.ts'
import { checkMac } from './scheme/hmac.ts'
import { atPointer, scalarText } from './scheme/json.ts'
import { failed, type Scheme } from './scheme/scheme.ts'
import { escapedJson } from './scheme/template.ts'

/** The signature covers one member of the body, written as PHP writes JSON. */
const scheme: Scheme = {
  summary: 'HMAC-SHA256 base64 of `object_payload` in `object_payload_signature`',
  verify: async (inbound) => {
    const document = documentOf(inbound.request)
    const root = 'value' in document ? document.value : undefined
    const payload = atPointer(root, '/object_payload')
    const sent = scalarText(atPointer(root, '/object_payload_signature'))
    if (!sent || payload === undefined) return failed('missing_header', 'no object_payload_signature')
    const contents = [utf8(escapedJson(JSON.stringify(payload)))]
    return checkMac({ encoding: 'base64' }, { signatures: [sent], contents, inbound })
  },
}

export const treezor = defineProvider({
  slug: 'treezor',
  name: 'Treezor',
  docs: 'https://docs.treezor.com/guide/webhooks/integrity-checks.html',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme,
  event: {
    type: '/webhook',
    id: '/webhook_id',
    entityType: '/object',
    entityId: '/object_id',
    occurredAt: '/webhook_created_at',
  },
})
