import { concat, utf8 } from '../model/bytes.ts'
import { headerOf, type RawRequest } from '../model/request.ts'
import { defineProvider } from './provider.ts'
import { checkMac } from './scheme/hmac.ts'
import { failed, type Scheme } from './scheme/scheme.ts'
import { toleranceOf } from './scheme/signed.ts'
import { timestampFault } from './scheme/timestamp.ts'

const NAMES = 'x-contentful-signed-headers'
const TIMESTAMP = 'x-contentful-timestamp'

const scheme: Scheme = {
  summary:
    'HMAC-SHA256 hex of the method, the path, the signed headers and the body in `x-contentful-signature`',
  verify: async (inbound) => {
    const { request, now, config } = inbound
    const sent = headerOf(request, 'x-contentful-signature')
    if (!sent) return failed('missing_header', 'no x-contentful-signature')
    const timestamp = headerOf(request, TIMESTAMP)
    if (!timestamp) return failed('timestamp_missing')
    const late = timestampFault(timestamp, { unit: 'ms', toleranceSeconds: toleranceOf(config, 30), now })
    if (late !== undefined) return failed(late.reason, late.hint)
    const names = signedNames(request)
    if (names.join(',') !== headerOf(request, NAMES))
      return failed('bad_format', `${NAMES} is not a sorted list`)
    const headers = names.map((name) => `${name}:${headerOf(request, name)?.trim()}`).join(';')
    const head = [request.method, signedPath(request.url), headers, ''].join('\n')
    return checkMac({}, { signatures: [sent], contents: [concat([utf8(head), request.body])], inbound })
  },
}

/** The path with its query escaped twice, as Contentful's toolkit does it. */
function signedPath(url: string): string {
  const [path = '/', search] = url
    .replace(/^[a-z]+:\/\/[^/?#]*/i, '')
    .toWellFormed()
    .split('?')
  return encodeURI(search ? `${path}?${encodeURIComponent(search)}` : path)
}

function signedNames(request: RawRequest): string[] {
  const listed = (headerOf(request, NAMES) ?? '').split(',', 100)
  const names = [...new Set([...listed, NAMES, TIMESTAMP])]
  return names.filter((name) => headerOf(request, name) !== undefined).toSorted()
}

export const contentful = defineProvider({
  slug: 'contentful',
  name: 'Contentful',
  docs: 'https://www.contentful.com/developers/docs/webhooks/request-verification/',
  evidence: 'sdk',
  secret: { label: 'Signing secret (64 characters)' },
  scheme,
  event: {
    type: 'header:x-contentful-topic',
    id: 'header:x-contentful-idempotency-key',
    entityId: '/sys/id',
    occurredAt: ['/sys/updatedAt', '/sys/createdAt'],
  },
})
