import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const genericToken = defineProvider({
  slug: 'generic-token',
  name: 'Generic token or API key',
  docs: 'https://datatracker.ietf.org/doc/html/rfc6750',
  evidence: 'documentation',
  secret: { label: 'Token', help: 'Exactly as it is sent, with `Bearer ` if there is one.' },
  scheme: token({ at: 'header:authorization', named: true }),
  event: { type: ['/type', '/event', '/event_type'], id: ['header:webhook-id', 'header:x-webhook-id'] },
  notes: '`config.header` or `config.query` names where the token stands.',
})
