import { defineProvider } from './provider.ts'
import { basic } from './scheme/token.ts'

export const genericBasic = defineProvider({
  slug: 'generic-basic',
  name: 'Generic basic authentication',
  docs: 'https://datatracker.ietf.org/doc/html/rfc7617',
  evidence: 'documentation',
  secret: { label: 'user:password', help: 'Or only the password, with `config.username`.' },
  scheme: basic(),
  event: { type: ['/type', '/event', '/event_type'], id: ['header:webhook-id', 'header:x-webhook-id'] },
})
