import { sha256, toHex } from '../model/bytes.ts'
import { headerOf } from '../model/request.ts'
import { defineProvider } from './provider.ts'
import { sameText } from './scheme/compare.ts'
import { queryOf } from './scheme/form.ts'
import { checkMac } from './scheme/hmac.ts'
import { failed, type Scheme } from './scheme/scheme.ts'
import { compileTemplate, renderTemplate } from './scheme/template.ts'

const sortedForm = compileTemplate('{url}{sortedForm}')
const bareUrl = compileTemplate('{url}')

/** The URL and the sorted form, or for JSON only the URL, which then carries the hash of the body. */
const scheme: Scheme = {
  summary: 'HMAC-SHA1 base64 of `{url}{sortedForm}` in `x-twilio-signature`',
  verify: async (inbound) => {
    const { request } = inbound
    const sent = headerOf(request, 'x-twilio-signature')
    if (!sent) return failed('missing_header', 'no x-twilio-signature')
    const bodyHash = queryOf(request.url).get('bodySHA256')
    const isWhole = bodyHash === null || sameText(bodyHash, toHex(await sha256(request.body)))
    if (!isWhole) return failed('body_modified')
    const template = bodyHash === null ? sortedForm : bareUrl
    const requests = spellings(request.url).map((url) => ({ ...request, url }))
    const rendered = await Promise.all(
      requests.map((one) => renderTemplate(template, { ...inbound, request: one })),
    )
    const contents = rendered.filter((content) => content !== undefined)
    return checkMac({ hash: 'sha1', encoding: 'base64' }, { signatures: [sent], contents, inbound })
  },
}

/** Twilio signs some URLs with the standard port written out and some without. */
function spellings(url: string): string[] {
  const [, origin, port, rest = ''] = /^(https?:\/\/[^/?#:]+)(:\d+)?(.*)$/s.exec(url) ?? []
  if (origin === undefined) return [url]
  const standard = origin.startsWith('https') ? ':443' : ':80'
  return port === undefined ? [url, `${origin}${standard}${rest}`] : [url, `${origin}${rest}`]
}

export const twilio = defineProvider({
  slug: 'twilio',
  name: 'Twilio',
  docs: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security',
  evidence: 'sdk',
  secret: { label: 'Auth token' },
  scheme,
  event: {
    type: ['/EventType', '/MessageStatus', '/CallStatus', '/SmsStatus'],
    id: ['header:i-twilio-idempotency-token', '{/MessageSid}:{/MessageStatus}', '/MessageSid'],
    entityId: ['/MessageSid', '/CallSid', '/ConversationSid'],
    occurredAt: ['/Timestamp', '/DateCreated'],
  },
  answer: { contentType: 'text/xml', body: '<Response></Response>' },
})
