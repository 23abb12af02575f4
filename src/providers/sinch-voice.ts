import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const sinchVoice = defineProvider({
  slug: 'sinch-voice',
  name: 'Sinch Voice and Verification',
  docs: 'https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request/',
  evidence: 'sdk',
  secret: { label: 'Application secret (base64)' },
  scheme: hmac({
    header: 'authorization',
    // `Application KEY:SIGNATURE`; the HMAC covers everything but the key's name.
    format: { positional: ':', signature: 1 },
    encoding: 'base64',
    key: { encoding: 'base64' },
    signed: '{method}\n{md5base64(body)}\n{header:content-type}\nx-timestamp:{header:x-timestamp}\n{path}',
  }),
  event: {
    type: '/event',
    id: ['{/callid}:{/event}', '{/id}:{/event}'],
    entityType: '=call',
    entityId: ['/callid', '/id'],
    occurredAt: '/timestamp',
  },
})
