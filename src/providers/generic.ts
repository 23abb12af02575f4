import { defineProvider } from './provider.ts'

export const generic = defineProvider({
  slug: 'generic',
  name: 'Generic, unsigned',
  docs: 'https://datatracker.ietf.org/doc/html/rfc9110',
  evidence: 'documentation',
  event: {
    type: ['header:ce-type', '/type', '/event', '/event_type'],
    id: ['header:webhook-id', 'header:x-webhook-id'],
  },
  notes: 'Nothing is verified: keep the URL secret, or restrict addresses.',
})
