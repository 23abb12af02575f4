import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const msTeamsOutgoing = defineProvider({
  slug: 'ms-teams-outgoing',
  name: 'Microsoft Teams outgoing webhook',
  docs: 'https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook',
  evidence: 'documentation',
  secret: { label: 'Security token (base64)' },
  scheme: hmac({ header: 'authorization', prefix: 'HMAC ', encoding: 'base64', key: { encoding: 'base64' } }),
  event: { type: '/type', id: '/id', entityId: '/conversation/id', occurredAt: '/timestamp' },
  answer: { contentType: 'application/json', body: '{"type":"message","text":"Received"}' },
})
