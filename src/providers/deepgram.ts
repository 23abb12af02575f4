import { defineProvider } from './provider.ts'
import { anyOf } from './scheme/combine.ts'
import { basic, token } from './scheme/token.ts'

export const deepgram = defineProvider({
  slug: 'deepgram',
  name: 'Deepgram callbacks',
  docs: 'https://developers.deepgram.com/docs/callback',
  evidence: 'documentation',
  secret: { label: 'API key id (dg-token), or user:password' },
  scheme: anyOf(token({ at: 'header:dg-token' }), basic()),
  event: {
    typeDefault: 'transcription',
    id: ['/metadata/request_id', '/request_id'],
    entityType: '=request',
    entityId: ['/metadata/request_id', '/request_id'],
    occurredAt: '/metadata/created',
  },
})
