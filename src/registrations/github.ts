import { z } from 'zod'
import { defineRegistration, type Wanted } from './registration.ts'
import { credential, itemsOf, nextPageIn, pathName, textAt } from './rest.ts'

/** GitHub does not tell capitals. */
const name = pathName.toLowerCase()

const hookSchema = z
  .object({
    id: z.number(),
    active: z.boolean(),
    events: z.array(z.string()),
    config: z.object({ url: z.string() }),
  })
  .transform(({ id, active, events, config }) => ({
    id: String(id),
    url: config.url,
    events,
    isActive: active,
  }))

export const github = defineRegistration({
  provider: 'github',
  name: 'GitHub',
  docs: 'https://docs.github.com/en/rest/repos/webhooks',
  permission:
    'the scope `admin:repo_hook` or `admin:org_hook`, or the permission to write webhooks of a fine-grained token',
  baseUrl: 'https://api.github.com',
  credentials: z.object({ token: credential }),
  target: z.union([z.object({ owner: name, repository: name }), z.object({ organization: name })]),
  events: {
    schema: z.string().regex(/^(\*|[a-z_]{1,60})$/, 'an event of GitHub, or *'),
    default: ['*'],
    max: 100,
  },
  secret: { from: 'us', make: (random) => random, suits: () => true },
  isTaken: /Hook already exists/,
  faultIn(body) {
    const errors = textAt(body, 'errors')
    const message = textAt(body, 'message')
    return message !== undefined && errors !== undefined ? `${message} ${errors}` : message
  },
  api({ token }, target) {
    const hooks =
      'organization' in target
        ? `/orgs/${target.organization}/hooks`
        : `/repos/${target.owner}/${target.repository}/hooks`
    return {
      headers: () => ({
        authorization: `Bearer ${token}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      }),
      list: (page = '1') => ({ method: 'GET', path: `${hooks}?per_page=100&page=${page}` }),
      page: ({ body, headers }) => ({ hooks: itemsOf(hookSchema, body), next: nextPageIn(headers) }),
      create: (wanted) => ({ method: 'POST', path: hooks, json: { name: 'web', ...settingsOf(wanted) } }),
      hookIn: ({ body }) => hookSchema.safeParse(body).data,
      update: ({ id }, wanted) => ({ method: 'PATCH', path: `${hooks}/${id}`, json: settingsOf(wanted) }),
      remove: (id) => ({ method: 'DELETE', path: `${hooks}/${id}` }),
    }
  },
})

function settingsOf({ url, events, secret }: Wanted) {
  return { active: true, events, config: { url, content_type: 'json', insecure_ssl: '0', secret } }
}
