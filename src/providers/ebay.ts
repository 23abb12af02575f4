import { headerOf } from '../model/request.ts'
import { defineProvider } from './provider.ts'
import { applicationKey } from './scheme/application-key.ts'
import { decodeAs } from './scheme/encoding.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { atPointer, parseJson, scalarText } from './scheme/json.ts'
import { configText, failed, type Scheme } from './scheme/scheme.ts'
import { checkSignatures } from './scheme/signature.ts'

const KEYS = {
  tokenUrl: 'https://api.ebay.com/identity/v1/oauth2/token',
  scope: 'https://api.ebay.com/oauth/api_scope',
  keyUrl: 'https://api.ebay.com/commerce/notification/v1/public_key/',
  pointer: '/key',
}

const scheme: Scheme = {
  summary: 'ECDSA-SHA1 base64 of `{body}` inside the base64 JSON in `x-ebay-signature`',
  verify: async (inbound) => {
    const header = headerOf(inbound.request, 'x-ebay-signature')
    if (!header) return failed('missing_header', 'no x-ebay-signature')
    const parsed = parseJson(decodeAs('base64', header) ?? new Uint8Array())
    const field = (name: string) =>
      parsed.kind === 'value' ? scalarText(atPointer(parsed.value, name)) : undefined
    const sent = field('/signature')
    const kid = field('/kid')
    const isKnown = field('/alg') === 'ecdsa' && field('/digest') === 'SHA1'
    if (!isKnown || !sent || !kid || !/^[\w-]{1,100}$/.test(kid)) return failed('bad_format')
    if (kid !== (scalarText(atPointer(inbound.config, '/keys/kid')) ?? kid)) return failed('unknown_key')
    const fetchKey = () => applicationKey(inbound, { ...KEYS, keyUrl: `${KEYS.keyUrl}${kid}` })
    const spec = { name: 'ecdsa-p256', hash: 'sha1', fetchKey } as const
    return checkSignatures(spec, { signatures: [sent], contents: [inbound.request.body], inbound })
  },
}

export const ebay = defineProvider({
  slug: 'ebay',
  name: 'eBay',
  docs: 'https://developer.ebay.com/api-docs/commerce/notification/overview.html',
  evidence: 'sdk',
  scheme,
  event: {
    type: '/metadata/topic',
    id: '/notification/notificationId',
    entityId: '/notification/data/userId',
    occurredAt: '/notification/eventDate',
  },
  handshakes: [
    {
      when: { method: 'GET', has: { 'query:challenge_code': true } },
      answer: async ({ read, config, request, hash, secrets }) => {
        const token = configText(config, 'verificationToken') ?? secrets[0] ?? ''
        const endpoint = configText(config, 'endpoint') ?? request.url.replace(/[?#].*$/s, '')
        return jsonAnswer({
          challengeResponse: await hash(`${read('query:challenge_code')}${token}${endpoint}`),
        })
      },
    },
  ],
})
