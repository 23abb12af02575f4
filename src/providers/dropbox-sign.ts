import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const dropboxSign = defineProvider({
  slug: 'dropbox-sign',
  name: 'Dropbox Sign',
  docs: 'https://developers.hellosign.com/docs/events/overview/',
  evidence: 'sdk',
  secret: { label: 'API key' },
  scheme: hmac({ from: 'json:event.event_hash', signed: '{json:event.event_time}{json:event.event_type}' }),
  event: {
    type: '/event/event_type',
    id: '{/event/event_hash}:{/signature_request/signature_request_id}',
    entityType: '=signature_request',
    entityId: '/signature_request/signature_request_id',
    occurredAt: '/event/event_time',
  },
  answer: { contentType: 'text/plain', body: 'Hello API Event Received' },
})
