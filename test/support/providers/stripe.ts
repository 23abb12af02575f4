import { createHmac, randomBytes } from 'node:crypto'
import { startProvider, type Answered, type FakeProvider } from './fake-provider.ts'

interface StripeHook {
  id: string
  url: string
  enabled_events: string[]
  status: string
  secret: string
}

export const STRIPE_KEY = 'sk_test_right'

/** https://docs.stripe.com/api/webhook_endpoints: forms in, JSON out, and the secret only in the answer to the creation. */
export async function startStripe(): Promise<FakeProvider<StripeHook>> {
  let count = 0
  return await startProvider<StripeHook>((asked, hooks) => {
    if (asked.headers.authorization !== `Bearer ${STRIPE_KEY}`) {
      return fault(401, 'invalid_request_error', 'Invalid API Key provided: sk_test_****rong')
    }
    const [, id] = /^\/v1\/webhook_endpoints(?:\/(\w+))?$/.exec(asked.path) ?? []
    const hook = hooks.find((each) => each.id === id)
    if (id !== undefined && !hook) {
      return fault(404, 'invalid_request_error', `No such webhook endpoint: '${id}'`)
    }
    if (asked.method === 'DELETE' && hook) {
      hooks.splice(hooks.indexOf(hook), 1)
      return { status: 200, body: { id: hook.id, object: 'webhook_endpoint', deleted: true } }
    }
    if (asked.method === 'GET') return page(hooks, asked.query.get('starting_after'))
    const form = asked.body as URLSearchParams
    const url = form.get('url') ?? ''
    const events = form.getAll('enabled_events[]')
    if (events.includes('no.such.event')) {
      return fault(
        400,
        'invalid_request_error',
        'Invalid enabled_events[0]: must be one of account.updated, …',
      )
    }
    if (hook) {
      Object.assign(hook, { url, enabled_events: events })
      return { status: 200, body: shown(hook) }
    }
    const made = {
      id: `we_${++count}`,
      url,
      enabled_events: events,
      status: 'enabled',
      secret: `whsec_${randomBytes(24).toString('base64url')}`,
    }
    // Newest first.
    hooks.unshift(made)
    return { status: 200, body: made }
  })
}

export async function deliverStripe({ url, secret }: StripeHook, payload: object): Promise<number> {
  const body = JSON.stringify(payload)
  const at = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` }
  return (await fetch(url, { method: 'POST', headers, body })).status
}

function page(hooks: readonly StripeHook[], after: string | null): Answered {
  const from = after === null ? 0 : hooks.findIndex(({ id }) => id === after) + 1
  const data = hooks.slice(from, from + 2).map(shown)
  const body = { object: 'list', url: '/v1/webhook_endpoints', has_more: from + 2 < hooks.length, data }
  return { status: 200, body }
}

function shown(whole: StripeHook) {
  const { secret: _, ...hook } = whole
  return { object: 'webhook_endpoint', livemode: false, ...hook }
}

function fault(status: number, type: string, message: string): Answered {
  return { status, body: { error: { type, message } } }
}
