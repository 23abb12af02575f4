import { defineProvider } from './provider.ts'
import { allowOrigin, originConfig } from './scheme/challenges.ts'
import { firstOf } from './scheme/combine.ts'
import { emptyAnswer, jsonAnswer } from './scheme/handshake.ts'
import { jwt } from './scheme/jwt.ts'
import { isPinned } from './scheme/keys.ts'
import { token } from './scheme/token.ts'

/** Where a subscription is validated: `rp-REGION`, on a port of its own. */
const VALIDATION = { hosts: [/^[a-z0-9-]+\.eventgrid\.azure\.net$/], port: 553 }

export const azureEventGrid = defineProvider({
  slug: 'azure-event-grid',
  name: 'Azure Event Grid',
  docs: 'https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema',
  evidence: 'documentation',
  secret: { label: 'Token in the query (`code`)' },
  config: originConfig,
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
      answer: ({ read }) => {
        const code = read('/0/data/validationCode')
        return code === undefined ? undefined : jsonAnswer({ validationResponse: code })
      },
    },
    {
      when: { method: 'POST', has: { 'header:aeg-event-type': 'SubscriptionValidation' } },
      signed: true,
      answer: ({ read }) => {
        const url = read('/0/data/validationUrl') ?? ''
        return isPinned({ url, ...VALIDATION })
          ? { ...emptyAnswer(), effect: { kind: 'visit', url } }
          : undefined
      },
    },
    allowOrigin(VALIDATION),
  ],
  notes: 'Tokens of Microsoft Entra need `config.tenantId`; any tenant of Azure can get one for our URL.',
})
