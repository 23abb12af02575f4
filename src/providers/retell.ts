import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const retell = defineProvider({
  slug: 'retell',
  name: 'Retell AI',
  docs: 'https://docs.retellai.com/features/secure-webhook',
  evidence: 'sdk',
  secret: { label: 'API key' },
  scheme: hmac({
    header: 'x-retell-signature',
    format: { pairs: ',', timestamp: 'v', signature: 'd' },
    timestamp: { unit: 'ms', toleranceSeconds: 300 },
    signed: '{body}{ts}',
  }),
  event: {
    type: '/event',
    id: '{/event}:{/call/call_id}',
    entityType: '=call',
    entityId: ['/call/call_id', '/chat/chat_id'],
    occurredAt: ['/call/end_timestamp', '/call/start_timestamp'],
  },
})
