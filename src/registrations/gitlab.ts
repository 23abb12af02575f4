import { z } from 'zod'
import { fromBase64 } from '../model/bytes.ts'
import { defineRegistration, type Hook, type Wanted } from './registration.ts'
import { credential, itemsOf, nextPageIn, textAt } from './rest.ts'

/** Attributes of GitLab; those of groups are ignored by projects. A change must name each, or it stays what it was. */
const PROJECT_EVENTS =
  'push tag_push issues confidential_issues merge_requests note confidential_note job pipeline wiki_page deployment feature_flag'
const OTHER_EVENTS = 'releases milestone emoji resource_access_token vulnerability member project subgroup'
const EVENTS = `${PROJECT_EVENTS} ${OTHER_EVENTS}`.split(' ').map((name) => `${name}_events`)

const hookSchema = z
  .looseObject({ id: z.number(), url: z.string(), signing_token_present: z.boolean().optional() })
  .transform((hook): Hook => ({
    id: String(hook.id),
    url: hook.url,
    events: EVENTS.filter((name) => hook[name] === true),
    isActive: hook['alert_status'] === undefined || hook['alert_status'] === 'executable',
    isSigned: hook.signing_token_present === true,
  }))

/** A number, or a path, whose slashes are encoded. */
const place = z
  .string()
  .max(500)
  .regex(/^(?!\.+$)[\w.-]+(\/[\w.-]+)*$/, 'a number, or a path such as group/name')

export const gitlab = defineRegistration({
  provider: 'gitlab',
  name: 'GitLab',
  docs: 'https://docs.gitlab.com/api/project_webhooks/',
  permission: 'the scope `api`, and the role Maintainer of the project or Owner of the group',
  baseUrl: 'https://gitlab.com',
  credentials: z.object({ token: credential }),
  target: z.union([z.object({ project: place }), z.object({ group: place })]),
  events: {
    schema: z.string().refine((name) => EVENTS.includes(name), `one of ${EVENTS.join(', ')}`),
    default: ['push_events', 'tag_push_events', 'issues_events', 'merge_requests_events', 'note_events'],
    max: EVENTS.length,
  },
  secret: { from: 'us', make: (random) => `whsec_${random}`, suits: () => true },
  faultIn: (body) => textAt(body, 'message', 'error'),
  api({ token }, target) {
    const [kind, name] = 'group' in target ? ['groups', target.group] : ['projects', target.project]
    const hooks = `/api/v4/${kind}/${encodeURIComponent(name)}/hooks`
    return {
      headers: () => ({ 'private-token': token, accept: 'application/json' }),
      list: (page = '1') => ({ method: 'GET', path: `${hooks}?per_page=100&page=${page}` }),
      page: ({ body, headers }) => ({ hooks: itemsOf(hookSchema, body), next: nextPageIn(headers) }),
      create: (wanted) => ({ method: 'POST', path: hooks, json: settingsOf(wanted) }),
      hookIn: ({ body }) => hookSchema.safeParse(body).data,
      update: ({ id }, wanted) => ({ method: 'PUT', path: `${hooks}/${id}`, json: settingsOf(wanted) }),
      // GitLab before 19.0 ignores a signing token: there the secret goes into a header instead.
      after: ({ id, url, isSigned }, { secret }) =>
        isSigningToken(secret) && !isSigned
          ? [{ method: 'PUT', path: `${hooks}/${id}`, json: { url, token: secret } }]
          : [],
      remove: (id) => ({ method: 'DELETE', path: `${hooks}/${id}` }),
    }
  },
})

function settingsOf({ url, name, events, secret }: Wanted) {
  return {
    url,
    name,
    enable_ssl_verification: true,
    ...Object.fromEntries(EVENTS.map((event) => [event, events.includes(event)])),
    ...(isSigningToken(secret) ? { signing_token: secret } : { token: secret }),
  }
}

/** What GitLab takes to sign with. Any other text it can only send along. */
function isSigningToken(secret: string | undefined): boolean {
  return secret?.startsWith('whsec_') === true && fromBase64(secret.slice('whsec_'.length))?.byteLength === 32
}
