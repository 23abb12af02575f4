import { defineProvider } from './provider.ts'
import { jwt } from './scheme/jwt.ts'
import { atPointer, parseJson } from './scheme/json.ts'
import { configText, type Inbound } from './scheme/scheme.ts'
import { utf8 } from '../model/bytes.ts'

/** Plaid hands out its keys by API: `config.clientId`, and the API secret as the source's secret. */
async function fetchJwk({ keys, config, secrets }: Inbound, kid: string): Promise<string | undefined> {
  const host = configText(config, 'environment') === 'sandbox' ? 'sandbox.plaid.com' : 'production.plaid.com'
  const answer = await keys.text({
    url: `https://${host}/webhook_verification_key/get`,
    hosts: [host],
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: configText(config, 'clientId'), secret: secrets[0], key_id: kid }),
  })
  const parsed = parseJson(utf8(answer ?? ''))
  const key = parsed.kind === 'value' ? atPointer(parsed.value, '/key') : undefined
  return key === undefined ? undefined : JSON.stringify(key)
}

export const plaid = defineProvider({
  slug: 'plaid',
  name: 'Plaid',
  docs: 'https://plaid.com/docs/api/webhooks/webhook-verification/',
  evidence: 'documentation',
  secret: { label: 'API secret' },
  scheme: jwt({
    header: 'plaid-verification',
    algorithms: ['ES256'],
    maxAgeSeconds: 300,
    bodyHash: { claim: 'request_body_sha256', hash: 'sha256', encoding: 'hex' },
    fetchJwk,
  }),
  event: {
    type: '{/webhook_type}.{/webhook_code}',
    entityType: '=item',
    entityId: '/item_id',
    occurredAt: ['/timestamp'],
  },
})
