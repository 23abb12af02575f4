import { defineProvider } from './provider.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const zoom = defineProvider({
  slug: 'zoom',
  name: 'Zoom',
  docs: 'https://developers.zoom.us/docs/api/webhooks/',
  evidence: 'documentation',
  secret: { label: 'Secret token' },
  scheme: hmac({
    header: 'x-zm-signature',
    prefix: 'v0=',
    timestamp: { header: 'x-zm-request-timestamp', toleranceSeconds: 300 },
    signed: 'v0:{ts}:{body}',
  }),
  event: {
    type: '/event',
    id: ['{/event}:{/event_ts}:{/payload/object/uuid}', '{/event}:{/event_ts}:{/payload/object/id}'],
    entityId: ['/payload/object/uuid', '/payload/object/id'],
    occurredAt: '/event_ts',
    changes: '/payload/old_object',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { '/event': 'endpoint.url_validation' } },
      answer: async ({ read, hmac }) => {
        const plainToken = read('/payload/plainToken')
        const encryptedToken = await hmac(plainToken)
        return encryptedToken === undefined ? undefined : jsonAnswer({ plainToken, encryptedToken })
      },
    },
  ],
})
