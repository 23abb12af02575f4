import { z } from 'zod'
import { defineRegistration, type Hook } from './registration.ts'
import { credential, itemsOf, textAt } from './rest.ts'

const hookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    enabled_events: z.array(z.string()),
    status: z.string(),
    secret: z.string().optional(),
  })
  .transform(({ id, url, enabled_events, status, secret }): Hook => ({
    id,
    url,
    events: enabled_events,
    isActive: status === 'enabled',
    ...(secret === undefined ? {} : { secret }),
  }))
const listSchema = z.object({ data: z.array(z.unknown()), has_more: z.boolean() })

const HOOKS = '/v1/webhook_endpoints'

export const stripe = defineRegistration({
  provider: 'stripe',
  name: 'Stripe',
  docs: 'https://docs.stripe.com/api/webhook_endpoints',
  permission: 'a secret key, or a restricted one that may write webhook endpoints',
  baseUrl: 'https://api.stripe.com',
  credentials: z.object({ secretKey: credential }),
  target: z.object({}),
  events: {
    schema: z.string().regex(/^(\*|[a-z0-9_.]{1,100})$/, 'an event of Stripe, or *'),
    default: ['*'],
    max: 300,
  },
  secret: { from: 'provider' },
  faultIn: (body) => textAt((body as { error?: unknown } | undefined)?.error, 'message', 'code', 'type'),
  api: ({ secretKey }) => ({
    headers: () => ({ authorization: `Bearer ${secretKey}` }),
    list: (after) => ({
      method: 'GET',
      path: `${HOOKS}?limit=100${after === undefined ? '' : `&starting_after=${encodeURIComponent(after)}`}`,
    }),
    page: ({ body }) => {
      const { data = [], has_more: hasMore = false } = listSchema.safeParse(body).data ?? {}
      const hooks = itemsOf(hookSchema, data)
      return { hooks, next: hasMore ? hooks.at(-1)?.id : undefined }
    },
    create: ({ url, name, events }) => ({
      method: 'POST',
      path: HOOKS,
      form: [['url', url], ['description', name], ...listed(events)],
    }),
    hookIn: ({ body }) => hookSchema.safeParse(body).data,
    update: ({ id }, { url, events }) => ({
      method: 'POST',
      path: `${HOOKS}/${encodeURIComponent(id)}`,
      form: [['url', url], ['disabled', 'false'], ...listed(events)],
    }),
    remove: (id) => ({ method: 'DELETE', path: `${HOOKS}/${encodeURIComponent(id)}` }),
  }),
})

function listed(events: readonly string[]): [string, string][] {
  return events.map((event) => ['enabled_events[]', event])
}
