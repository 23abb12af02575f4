import { defineProvider } from './provider.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { hmac } from './scheme/hmac.ts'

export const smartcar = defineProvider({
  slug: 'smartcar',
  name: 'Smartcar',
  docs: 'https://smartcar.com/docs/integrations/webhooks/overview',
  evidence: 'sdk',
  secret: { label: 'Application management token' },
  scheme: hmac({ header: 'sc-signature' }),
  event: {
    type: ['/eventType', '/eventName'],
    id: ['/eventId', '{/webhookId}:{/meta/deliveryId}'],
    entityType: '=vehicle',
    entityId: ['/data/vehicle/id', '/payload/vehicleId'],
    occurredAt: ['/meta/deliveredAt', '/payload/timestamp'],
  },
  handshakes: [
    {
      when: { method: 'POST', has: { '/eventName': 'verify' } },
      answer: async ({ read, hmac }) => {
        const challenge = await hmac(read('/payload/challenge'))
        return challenge === undefined ? undefined : jsonAnswer({ challenge })
      },
    },
    {
      when: { method: 'POST', has: { '/eventType': 'VERIFY' } },
      answer: async ({ read, hmac }) => {
        const challenge = await hmac(read('/data/challenge'))
        return challenge === undefined ? undefined : jsonAnswer({ challenge })
      },
    },
  ],
})
