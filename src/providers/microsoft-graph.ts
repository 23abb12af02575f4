import { z } from 'zod'
import { defineProvider } from './provider.ts'
import { allOf, onlyIf } from './scheme/combine.ts'
import { encryptedContent, hasEncrypted, openContent, privateKeysSchema } from './scheme/encrypted.ts'
import { textAnswer } from './scheme/handshake.ts'
import { jwt } from './scheme/jwt.ts'
import { token } from './scheme/token.ts'

const items = '/value'
const ENCRYPTED = { items, member: 'encryptedContent', opened: 'decryptedContent' } as const
/** Microsoft Graph Change Tracking, the application that sends notifications. */
const PUBLISHER = '0bf30f3b-4a52-48df-9a82-234910c4a086'
const id = z.string().min(1).max(100).optional()
const config = z
  .object({ appId: id, tenantId: id, privateKeys: privateKeysSchema.optional() })
  .refine(({ appId, privateKeys }) => appId ?? !privateKeys, '`privateKeys` need an `appId`')

export const microsoftGraph = defineProvider({
  slug: 'microsoft-graph',
  name: 'Microsoft Graph change notifications',
  docs: 'https://learn.microsoft.com/en-us/graph/change-notifications-with-resource-data',
  evidence: 'documentation',
  secret: { label: 'clientState of the subscription' },
  config,
  scheme: allOf(
    token({ each: items, at: '/clientState' }),
    onlyIf(
      (inbound) => inbound.config['appId'] !== undefined && hasEncrypted(ENCRYPTED, inbound),
      jwt({
        each: '/validationTokens',
        algorithms: ['RS256'],
        requireExpiry: true,
        jwks: 'https://login.microsoftonline.com/common/discovery/keys',
        claims: { aud: '$appId', 'azp|appid': PUBLISHER, tid: '$tenantId?' },
      }),
    ),
    encryptedContent(ENCRYPTED),
  ),
  opens: (inbound) => openContent(ENCRYPTED, inbound),
  event: {
    type: ['{/changeType}', '/lifecycleEvent'],
    id: '/id',
    entityType: '/resourceData/@odata.type',
    entityId: ['/resourceData/id', '/resource'],
    batch: items,
  },
  handshakes: [
    {
      when: { method: 'POST', has: { 'query:validationToken': true } },
      answer: ({ read }) => textAnswer(read('query:validationToken') ?? ''),
    },
  ],
  answer: { status: 202 },
  notes:
    'Rich notifications: `config.privateKeys` by certificate id and `config.appId`; rules and envelopes see `decryptedContent`.',
})
