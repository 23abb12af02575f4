import { defineProvider } from './provider.ts'
import { echoQuery } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const onfleet = defineProvider({
  slug: 'onfleet',
  name: 'Onfleet',
  docs: 'https://docs.onfleet.com/reference/secrets',
  evidence: 'code',
  secret: { label: 'Webhook secret (hex)' },
  scheme: hmac({ hash: 'sha512', header: 'x-onfleet-signature', key: { encoding: 'hex' } }),
  event: {
    type: '/triggerName',
    id: '{/triggerId}:{/taskId}:{/time}',
    entityType: '=task',
    entityId: ['/taskId', '/workerId'],
    occurredAt: '/time',
    changes: '/data',
  },
  handshakes: [echoQuery('check')],
})
