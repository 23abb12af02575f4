import { headerOf } from '../model/request.ts'
import { defineProvider } from './provider.ts'
import { checkMac } from './scheme/hmac.ts'
import { configText, failed, type Scheme } from './scheme/scheme.ts'
import { compileTemplate, renderTemplate } from './scheme/template.ts'

const CONTENT = '{method}\n{md5base64(body)}\n{header:content-type}\nx-timestamp:{header:x-timestamp}\n{path}'
const template = compileTemplate(CONTENT)

const scheme: Scheme = {
  summary:
    'HMAC-SHA256 base64 of the method, MD5 of the body, type, time and path in `authorization` (base64 key)',
  verify: async (inbound) => {
    const sent = headerOf(inbound.request, 'authorization')
    if (!sent) return failed('missing_header', 'no authorization')
    const [, application, signature] = /^Application ([^:\s]+):(\S+)$/i.exec(sent) ?? []
    if (signature === undefined) return failed('bad_format')
    const own = configText(inbound.config, 'applicationKey')
    if (own !== undefined && own !== application)
      return failed('unknown_key', 'signed for another application')
    const content = await renderTemplate(template, inbound)
    const claim = { signatures: [signature], contents: content === undefined ? [] : [content], inbound }
    return checkMac({ encoding: 'base64', key: { encoding: 'base64' } }, claim)
  },
}

export const sinchVoice = defineProvider({
  slug: 'sinch-voice',
  name: 'Sinch Voice and Verification',
  docs: 'https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request/',
  evidence: 'sdk',
  secret: { label: 'Application secret (base64)' },
  scheme,
  event: {
    type: '/event',
    id: ['{/callid}:{/event}', '{/id}:{/event}'],
    entityType: '=call',
    entityId: ['/callid', '/id'],
    occurredAt: '/timestamp',
  },
})
