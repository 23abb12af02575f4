import { defineProvider } from './provider.ts'
import { allowOrigin } from './scheme/challenges.ts'
import { firstOf } from './scheme/combine.ts'
import { jsonAnswer } from './scheme/handshake.ts'
import { jwt } from './scheme/jwt.ts'
import { token } from './scheme/token.ts'

export const azureEventGrid = defineProvider({
  slug: 'azure-event-grid',
  name: 'Azure Event Grid',
  docs: 'https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema',
  evidence: 'documentation',
  secret: { label: 'Token in the query (`code`)' },
  scheme: firstOf(
    token({ at: 'query:code' }),
    jwt({
      header: 'authorization',
      bearer: true,
      algorithms: ['RS256'],
      requireExpiry: true,
      jwks: 'https://login.microsoftonline.com/common/discovery/keys',
      claims: { aud: '$audience', tid: '$tenantId' },
    }),
  ),
  event: {
    type: ['/eventType', '/type', 'header:ce-type'],
    id: ['/id', 'header:ce-id'],
    entityType: ['/topic', '/source'],
    entityId: '/subject',
    occurredAt: ['/eventTime', '/time'],
    batch: '',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { 'header:aeg-event-type': 'SubscriptionValidation' } },
      answer: ({ read }) => jsonAnswer({ validationResponse: read('/0/data/validationCode') }),
    },
    allowOrigin,
  ],
  notes: 'Tokens of Microsoft Entra need `config.tenantId`; any tenant of Azure can get one for our URL.',
})
