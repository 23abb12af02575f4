import { defineProvider } from './provider.ts'
import { allowOrigin, originConfig } from './scheme/challenges.ts'
import { anyOf } from './scheme/combine.ts'
import { token } from './scheme/token.ts'

export const cloudevents = defineProvider({
  slug: 'cloudevents',
  name: 'CloudEvents HTTP webhook',
  docs: 'https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md',
  evidence: 'documentation',
  secret: { label: 'Access token' },
  config: originConfig,
  scheme: anyOf(
    token({ at: 'header:authorization', prefix: 'Bearer ' }),
    token({ at: 'query:access_token', named: true }),
  ),
  event: {
    type: ['header:ce-type', '/type'],
    id: ['{header:ce-source}:{header:ce-id}', '{/source}:{/id}'],
    entityType: ['header:ce-source', '/source'],
    entityId: ['header:ce-subject', '/subject'],
    occurredAt: ['header:ce-time', '/time'],
    batch: '',
  },
  handshakes: [allowOrigin()],
  notes: '`config.callbackHosts` names the hosts whose `WebHook-Request-Callback` is visited.',
})
