import { utf8 } from '../model/bytes.ts'
import { defineProvider } from './provider.ts'
import { textAnswer } from './scheme/handshake.ts'
import { checkMac, type MacSpec } from './scheme/hmac.ts'
import { readPlace } from './scheme/place.ts'
import { configText, failed, type Scheme } from './scheme/scheme.ts'

const MAC: MacSpec = { hash: 'sha1', key: { hash: 'sha1' } }

/** The signature is a list of `public key|HMAC`, and the payload base64 of XML, sometimes signed with a final newline. */
const scheme: Scheme = {
  summary: 'HMAC-SHA1 hex of `bt_payload` in `bt_signature`, under the SHA-1 of the private key',
  verify: async (inbound) => {
    const sent = readPlace(inbound.request, 'form:bt_signature')
    const payload = readPlace(inbound.request, 'form:bt_payload')
    if (!sent || !payload) return failed('missing_header', 'no bt_signature or no bt_payload')
    if (!/^[A-Za-z0-9+=/\n]+$/.test(payload)) return failed('bad_encoding', 'the payload is not base64')
    const own = configText(inbound.config, 'publicKey')
    const pairs = sent.split('&', 16).map((pair) => pair.split('|'))
    const signatures = pairs.flatMap(([key, mac]) => (mac && (own === undefined || key === own) ? [mac] : []))
    if (signatures.length === 0) return failed('unknown_key', 'signed for another public key')
    return checkMac(MAC, { signatures, contents: [utf8(payload), utf8(`${payload}\n`)], inbound })
  },
}

export const braintree = defineProvider({
  slug: 'braintree',
  name: 'Braintree',
  docs: 'https://developer.paypal.com/braintree/docs/guides/webhooks/parse/node',
  evidence: 'sdk',
  secret: { label: 'Private key', help: 'The public key goes into `config.publicKey`.' },
  scheme,
  event: {
    type: '/notification/kind',
    id: ['{/notification/kind}:{/notification/timestamp}:{/notification/subject/subscription/id}'],
    occurredAt: '/notification/timestamp',
    entityId: ['/notification/subject/subscription/id', '/notification/subject/transaction/id'],
  },
  handshakes: [
    {
      when: { method: 'GET', has: { 'query:bt_challenge': true } },
      answer: async ({ read, hmac, config }) => {
        const response = await hmac(read('query:bt_challenge'), MAC)
        const publicKey = configText(config, 'publicKey')
        return response && publicKey ? textAnswer(`${publicKey}|${response}`) : undefined
      },
    },
  ],
})
