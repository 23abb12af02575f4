import { createHmac } from 'node:crypto'
import { numberedPage, startProvider, type Answered, type Asked, type FakeProvider } from './fake-provider.ts'

interface GithubHook {
  id: number
  name: string
  active: boolean
  events: string[]
  config: { url: string; content_type: string; insecure_ssl: string; secret?: string }
}

export type FakeGithub = FakeProvider<GithubHook> & { pings: Promise<number>[] }

export const GITHUB_TOKEN = 'ghp_right'
const DOCS = 'https://docs.github.com/rest/repos/webhooks'
const HOOKS = /^\/(?:repos\/octo\/demo|orgs\/octo)\/hooks(?:\/(\d+))?$/

/** https://docs.github.com/en/rest/repos/webhooks, and the ping that follows a creation at once. */
export async function startGithub(): Promise<FakeGithub> {
  let count = 0
  const pings: Promise<number>[] = []
  const provider = await startProvider<GithubHook>((asked, hooks) => {
    const refused = refusal(asked)
    if (refused) return refused
    const id = HOOKS.exec(asked.path)?.[1]
    const hook = hooks.find((each) => String(each.id) === id)
    if (id !== undefined && !hook) return notFound()
    if (!hook) {
      if (asked.method === 'GET') return numberedPage(hooks.map(shown), asked, 2)
      const settings = asked.body as Omit<GithubHook, 'id'>
      const faults = faultsOf(settings, hooks)
      if (faults.length > 0) return invalid(faults)
      const made = { ...settings, id: ++count }
      hooks.push(made)
      pings.push(deliverGithub(made, 'ping', { zen: 'Keep it logically awesome.', hook_id: made.id }))
      return { status: 201, body: shown(made) }
    }
    if (asked.method === 'DELETE') {
      hooks.splice(hooks.indexOf(hook), 1)
      return { status: 204 }
    }
    // A configuration that is given replaces the whole, so one without a secret takes the secret away.
    if (asked.method === 'PATCH') Object.assign(hook, asked.body)
    return { status: 200, body: shown(hook) }
  })
  return { ...provider, pings }
}

/** Sends a webhook as GitHub does; the status of the answer. */
export async function deliverGithub(
  { id, config }: GithubHook,
  event: string,
  payload: object,
): Promise<number> {
  const body = JSON.stringify(payload)
  const signature = createHmac('sha256', config.secret ?? '')
    .update(body)
    .digest('hex')
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/1',
    'x-github-event': event,
    'x-github-delivery': crypto.randomUUID(),
    'x-github-hook-id': String(id),
    ...(config.secret === undefined ? {} : { 'x-hub-signature-256': `sha256=${signature}` }),
  }
  return (await fetch(config.url, { method: 'POST', headers, body })).status
}

function refusal({ headers, path }: Asked): Answered | undefined {
  if (headers['user-agent'] === undefined) {
    return { status: 403, body: { message: 'Request forbidden by administrative rules.' } }
  }
  switch (headers.authorization) {
    case `Bearer ${GITHUB_TOKEN}`:
      return HOOKS.test(path) ? undefined : notFound()
    case 'Bearer ghp_reader':
      return {
        status: 403,
        body: { message: 'Resource not accessible by personal access token', documentation_url: DOCS },
      }
    // Who may not even know of a repository is told that there is none.
    case 'Bearer ghp_stranger':
      return notFound()
    case 'Bearer ghp_tired':
      return {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'retry-after': '17' },
        body: { message: 'API rate limit exceeded for user ID 1.', documentation_url: DOCS },
      }
    default:
      return { status: 401, body: { message: `Bad credentials: ${headers.authorization}` } }
  }
}

function faultsOf({ name, config, events }: Omit<GithubHook, 'id'>, hooks: readonly GithubHook[]): object[] {
  const fault = (message: string) => ({ resource: 'Hook', code: 'custom', message })
  if (name !== 'web') return [fault('name must be web')]
  if (events.includes('no_such_event')) {
    return [fault('The "no_such_event" event cannot be subscribed to by this hook')]
  }
  return hooks.some((each) => each.config.url === config.url)
    ? [fault('Hook already exists on this repository')]
    : []
}

function shown(hook: GithubHook) {
  const { secret, ...config } = hook.config
  return {
    type: 'Repository',
    ...hook,
    config: { ...config, ...(secret === undefined ? {} : { secret: '********' }) },
  }
}

function notFound(): Answered {
  return { status: 404, body: { message: 'Not Found', documentation_url: DOCS } }
}

function invalid(errors: object[]): Answered {
  return { status: 422, body: { message: 'Validation Failed', errors, documentation_url: DOCS } }
}
