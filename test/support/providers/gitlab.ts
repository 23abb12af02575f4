import { Webhook } from 'standardwebhooks'
import { numberedPage, startProvider, type Answered, type FakeProvider } from './fake-provider.ts'

type GitlabHook = Record<string, unknown> & {
  id: number
  url: string
  token?: string
  signing_token?: string
}

export const GITLAB_TOKEN = 'glpat-right'
const HOOKS = /^\/api\/v4\/(?:projects\/group%2Fsub%2Fdemo|groups\/42)\/hooks(?:\/(\d+))?$/

/** https://docs.gitlab.com/api/project_webhooks/; before 19.0 `signing_token` is ignored without a word. */
export async function startGitlab({ isOld = false } = {}): Promise<FakeProvider<GitlabHook>> {
  let count = 0
  return await startProvider<GitlabHook>((asked, hooks) => {
    if (asked.headers['private-token'] !== GITLAB_TOKEN) {
      return { status: 401, body: { message: '401 Unauthorized' } }
    }
    const matched = HOOKS.exec(asked.path)
    if (!matched) return { status: 404, body: { message: '404 Project Not Found' } }
    const [, id] = matched
    const hook = hooks.find((each) => String(each.id) === id)
    if (id !== undefined && !hook) return { status: 404, body: { message: '404 Not found' } }
    if (asked.method === 'DELETE' && hook) {
      hooks.splice(hooks.indexOf(hook), 1)
      return { status: 204 }
    }
    if (asked.method === 'GET') return numberedPage(hooks.map(shown), asked, 2)
    const { signing_token, ...settings } = asked.body as GitlabHook
    if (!settings.url.startsWith('http')) return { status: 422, body: { error: 'Invalid url given' } }
    const kept = isOld || signing_token === undefined ? settings : { ...settings, signing_token }
    // Switched on unless it is said otherwise.
    const made = hook ?? { push_events: true, ...settings, id: ++count }
    Object.assign(made, kept)
    if (!hook) hooks.push(made)
    return { status: hook ? 200 : 201, body: shown(made) }
  })

  function shown({ token, signing_token, ...hook }: GitlabHook): Answered['body'] {
    const present = { token_present: token !== undefined, signing_token_present: signing_token !== undefined }
    return { alert_status: 'executable', ...hook, ...(isOld ? {} : present) }
  }
}

export async function deliverGitlab(
  { url, token, signing_token }: GitlabHook,
  payload: object,
): Promise<number> {
  const body = JSON.stringify(payload)
  const id = crypto.randomUUID()
  const at = new Date()
  const signature = signing_token === undefined ? '' : new Webhook(signing_token).sign(id, at, body)
  const headers = {
    'content-type': 'application/json',
    'x-gitlab-event': 'Push Hook',
    'idempotency-key': id,
    'webhook-id': id,
    ...(token === undefined ? {} : { 'x-gitlab-token': token }),
    ...(signature === ''
      ? {}
      : { 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': signature }),
  }
  return (await fetch(url, { method: 'POST', headers, body })).status
}
