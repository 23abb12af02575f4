import { text, toBase64, utf8 } from '../model/bytes.ts'
import { headerOf } from '../model/request.ts'
import { defineProvider } from './provider.ts'
import { decodeAs } from './scheme/encoding.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { atPointer, parseJson, scalarText } from './scheme/json.ts'
import { configText, failed, type Inbound, type Scheme } from './scheme/scheme.ts'
import { checkSignatures } from './scheme/signature.ts'

const HOSTS = ['api.ebay.com']

const scheme: Scheme = {
  summary: 'ECDSA-SHA1 base64 of `{body}` inside the base64 JSON in `x-ebay-signature`',
  verify: async (inbound) => {
    const header = headerOf(inbound.request, 'x-ebay-signature')
    if (!header) return failed('missing_header', 'no x-ebay-signature')
    const claim = jsonOf(decodeAs('base64', header))
    const sent = textAt(claim, '/signature')
    const kid = textAt(claim, '/kid')
    const isKnown = textAt(claim, '/alg') === 'ecdsa' && textAt(claim, '/digest') === 'SHA1'
    if (!isKnown || !sent || !kid || !/^[\w-]{1,100}$/.test(kid)) return failed('bad_format')
    const own = textAt(inbound.config, '/keys/kid')
    if (own !== undefined && own !== kid) return failed('unknown_key')
    return checkSignatures(
      { name: 'ecdsa-p256', hash: 'sha1', fetchKey: () => fetchKey(inbound, kid) },
      { signatures: [sent], contents: [inbound.request.body], inbound },
    )
  },
}

/** eBay hands out its keys to applications only: `config.clientId` and `config.clientSecret`. */
async function fetchKey({ keys, config }: Inbound, kid: string): Promise<string | undefined> {
  const credentials = toBase64(
    utf8(`${configText(config, 'clientId')}:${configText(config, 'clientSecret')}`),
  )
  const grant = await keys.text({
    url: 'https://api.ebay.com/identity/v1/oauth2/token',
    hosts: HOSTS,
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope',
  })
  const token = textAt(jsonOf(utf8(grant ?? '')), '/access_token')
  if (token === undefined) return undefined
  const url = `https://api.ebay.com/commerce/notification/v1/public_key/${kid}`
  const answer = await keys.text({ url, hosts: HOSTS, headers: { authorization: `Bearer ${token}` } })
  return textAt(jsonOf(utf8(answer ?? '')), '/key')
}

function textAt(document: unknown, pointer: string): string | undefined {
  return scalarText(atPointer(document, pointer))
}

function jsonOf(bytes: Uint8Array | undefined): unknown {
  const parsed = parseJson(utf8(text(bytes ?? new Uint8Array())))
  return parsed.kind === 'value' ? parsed.value : undefined
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
    entityId: ['/notification/data/userId', '/notification/data/username'],
    occurredAt: '/notification/eventDate',
  },
  handshakes: [
    {
      when: { method: 'GET', has: { 'query:challenge_code': true } },
      answer: async ({ read, config, request, hash, secrets }) => {
        const token = configText(config, 'verificationToken') ?? secrets[0] ?? ''
        const endpoint = configText(config, 'endpoint') ?? request.url.replace(/[?#].*$/s, '')
        const response = await hash(`${read('query:challenge_code')}${token}${endpoint}`)
        return jsonAnswer({ challengeResponse: response })
      },
    },
  ],
})
