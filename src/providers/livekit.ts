import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'

export const livekit = defineProvider({
  slug: 'livekit',
  name: 'LiveKit',
  docs: 'https://docs.livekit.io/home/server/webhooks/',
  evidence: 'sdk',
  secret: { label: 'API secret' },
  scheme: jwt({
    header: 'authorization',
    algorithms: ['HS256'],
    claims: { iss: '$apiKey' },
    requireExpiry: true,
    bodyHash: { claim: 'sha256', hash: 'sha256', encoding: 'base64' },
  }),
  event: {
    type: '/event',
    id: '/id',
    entityType: '=room',
    entityId: ['/room/sid', '/room/name'],
    occurredAt: '/createdAt',
  },
})
