import { headerOf, type RawRequest } from '../model/request.ts'
import { utf8 } from '../model/bytes.ts'
import { defineProvider } from './provider.ts'
import { formOf } from './scheme/document.ts'
import { queryOf } from './scheme/form.ts'
import { checkMac } from './scheme/hmac.ts'
import { failed, type Scheme } from './scheme/scheme.ts'

const scheme: Scheme = {
  summary: 'HMAC-SHA256 base64 of the URL, the sorted parameters and a nonce in `x-plivo-signature-v3`',
  verify: async (inbound) => {
    const { request } = inbound
    const sent = headerOf(request, 'x-plivo-signature-v3')
    const nonce = headerOf(request, 'x-plivo-signature-v3-nonce')
    if (!sent || !nonce) return failed('missing_header')
    const signatures = sent.split(',', 16).map((signature) => signature.trim())
    const contents = [utf8(`${signedUrl(request)}.${nonce}`)]
    return checkMac({ encoding: 'base64' }, { signatures, contents, inbound })
  },
}

/** The query sorted and decoded; after it, behind a dot, the fields of a form run together. */
function signedUrl(request: RawRequest): string {
  const query = sorted([...queryOf(request.url)], '=').join('&')
  const fields = request.method === 'GET' ? [] : sorted(formOf(request), '')
  const mark = query !== '' || fields.length > 0 ? '?' : ''
  const dot = query !== '' && fields.length > 0 ? '.' : ''
  return `${request.url.replace(/[?#].*$/s, '')}${mark}${query}${dot}${fields.join('')}`
}

function sorted(pairs: readonly (readonly [string, string])[], between: string): string[] {
  return pairs
    .toSorted(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
    .map(([name, value]) => `${name}${between}${value}`)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export const plivo = defineProvider({
  slug: 'plivo',
  name: 'Plivo',
  docs: 'https://www.plivo.com/docs/voice/concepts/signature-validation',
  evidence: 'sdk',
  secret: { label: 'Auth token' },
  scheme,
  event: {
    type: ['/Event', '/CallStatus', '/Status'],
    id: ['{/CallUUID}:{/Event}:{header:x-plivo-signature-v3-nonce}', 'header:x-plivo-signature-v3-nonce'],
    entityId: ['/CallUUID', '/MessageUUID'],
  },
  answer: { contentType: 'text/xml', body: '<Response></Response>' },
})
