import { startProvider, type Answered, type Asked, type FakeProvider } from './fake-provider.ts'

interface HaloHook {
  id: string
  name: string
  url: string
  active: boolean
  type: number
  authentication_type: number
  basic_username?: string
  basic_password?: string
  events: { id: number; eventno: number; webhook_id: string }[]
}

export const HALO_CLIENT = { clientId: 'halo-1', clientSecret: 'halo-secret-1', tenant: 'demo' }
const TOKEN = 'halo-access-token'

/** Its API document (/api/Webhook, /api/Notification): arrays in, objects out, and the events are things of their own. */
export async function startHalopsa(): Promise<FakeProvider<HaloHook>> {
  let count = 0
  return await startProvider<HaloHook>((asked, hooks) => {
    const { method, path, query, headers, body } = asked
    if (path === '/auth/token') return exchangeToken(asked)
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      return { status: 401, body: { message: 'Authorization has been denied for this request.' } }
    }
    const [, kind, id] = /^\/api\/(Webhook|Notification)(?:\/([\w-]+))?$/.exec(path) ?? []
    if (kind === 'Notification') return notification(asked, id, { hooks, number: () => ++count })
    const hook = hooks.find((each) => each.id === id)
    if (kind === undefined || (id !== undefined && !hook)) {
      return { status: 404, body: { message: 'Not found' } }
    }
    if (method === 'DELETE' && hook) {
      hooks.splice(hooks.indexOf(hook), 1)
      return { status: 200, body: {} }
    }
    if (method === 'GET' && hook) return { status: 200, body: shown(hook, query.has('includedetails')) }
    if (method === 'GET') return { status: 200, body: hooks.map((each) => shown(each, false)) }
    const [given] = body as Partial<HaloHook>[]
    const known = hooks.find((each) => each.id === given?.id)
    const made = known ?? ({ id: crypto.randomUUID(), events: [] } as unknown as HaloHook)
    Object.assign(made, given)
    if (!known) hooks.push(made)
    return { status: 201, body: shown(made, true) }
  })
}

export async function deliverHalopsa(
  { url, basic_username, basic_password }: HaloHook,
  payload: object,
): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${basic_username}:${basic_password}`).toString('base64')}`
  const headers = { 'content-type': 'application/json', authorization }
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(payload) })).status
}

function exchangeToken({ query, body }: Asked): Answered {
  const form = body as URLSearchParams
  const isRight =
    query.get('tenant') === HALO_CLIENT.tenant &&
    form.get('scope') === 'all' &&
    form.get('client_id') === HALO_CLIENT.clientId &&
    form.get('client_secret') === HALO_CLIENT.clientSecret
  return isRight
    ? { status: 200, body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 3600 } }
    : { status: 400, body: { error: 'invalid_client' } }
}

function notification(
  { method, body }: Asked,
  id: string | undefined,
  { hooks, number }: { hooks: readonly HaloHook[]; number: () => number },
): Answered {
  if (method === 'DELETE') {
    for (const hook of hooks) hook.events = hook.events.filter((each) => String(each.id) !== id)
    return { status: 200, body: {} }
  }
  const [given] = body as { webhook_id: string; eventno: number }[]
  const hook = hooks.find((each) => each.id === given?.webhook_id)
  if (!hook || !given || given.eventno === 99_999) {
    return { status: 400, body: { message: 'The event does not exist' } }
  }
  const made = { id: number(), eventno: given.eventno, webhook_id: given.webhook_id }
  hook.events.push(made)
  return { status: 201, body: made }
}

/** A password is never shown. */
function shown(whole: HaloHook, isWhole: boolean) {
  const { basic_password: _, events, ...hook } = whole
  return isWhole ? { ...hook, events } : hook
}
