import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

/** What a payload may be about, and what tells one from another; the more particular before what it belongs to. */
const PARTICULAR =
  'pull_request issue discussion release workflow_job deployment check_run check_suite workflow_run'
const OTHERS = 'projects_v2_item package milestone label team repository organization installation'
const ENTITIES = [
  ...PARTICULAR.split(' ').map((name) => [name, 'id']),
  ['alert', 'number'],
  ['alert', 'id'],
  ['security_advisory', 'ghsa_id'],
  ['sponsorship', 'node_id'],
  ...OTHERS.split(' ').map((name) => [name, 'id']),
]

export const github = defineProvider({
  slug: 'github',
  name: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'x-hub-signature-256', prefix: 'sha256=' }),
  event: {
    type: ['{header:x-github-event}.{/action}', 'header:x-github-event'],
    id: 'header:x-github-delivery',
    entityType: [`oneOf:${ENTITIES.map(([name]) => name).join(',')}`, 'header:x-github-event'],
    entityId: ENTITIES.map(([name, id]) => `/${name}/${id}` as const),
    changes: '/changes',
  },
})
