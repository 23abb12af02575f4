import { text, utf8 } from '../model/bytes.ts'
import { headerOf } from '../model/request.ts'
import { defineProvider } from './provider.ts'
import { checkMac } from './scheme/hmac.ts'
import { failed, type Scheme } from './scheme/scheme.ts'

/** Signs a JSON text that it builds around the body; the header says `sign=…, env=…, t=…`. */
const scheme: Scheme = {
  summary: 'HMAC-SHA256 base64 of JSON around the body in `gcms-signature`',
  verify: async (inbound) => {
    const header = headerOf(inbound.request, 'gcms-signature')
    if (!header) return failed('missing_header', 'no gcms-signature')
    const [, sent, environment, time] = /^sign=([^,\s]+),\s*env=([^,\s]*),\s*t=(\d{1,15})$/.exec(header) ?? []
    if (sent === undefined) return failed('bad_format')
    const signed = { Body: text(inbound.request.body), EnvironmentName: environment, TimeStamp: Number(time) }
    const asText = { ...signed, TimeStamp: time }
    const contents = [utf8(JSON.stringify(asText)), utf8(JSON.stringify(signed))]
    return checkMac({ encoding: 'base64' }, { signatures: [sent], contents, inbound })
  },
}

export const hygraph = defineProvider({
  slug: 'hygraph',
  name: 'Hygraph',
  docs: 'https://hygraph.com/docs/api-reference/basics/webhooks',
  evidence: 'code',
  secret: { label: 'Secret key' },
  scheme,
  event: {
    type: ['{/data/__typename}.{/operation}', '/operation'],
    entityType: '/data/__typename',
    entityId: '/data/id',
    occurredAt: '/data/updatedAt',
  },
})
