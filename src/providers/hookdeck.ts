import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const hookdeck = defineProvider({
  slug: 'hookdeck',
  name: 'Hookdeck (upstream gateway)',
  docs: 'https://hookdeck.com/docs/authentication#hookdeck-webhook-signature-verification',
  evidence: 'sdk',
  secret: { label: 'Signing secret' },
  scheme: hmac({ header: ['x-hookdeck-signature', 'x-hookdeck-signature-2'], encoding: 'base64' }),
  event: { type: ['header:x-hookdeck-topic', '/type', '/event'], id: 'header:x-hookdeck-eventid' },
})
