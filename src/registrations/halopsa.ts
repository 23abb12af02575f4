import { z } from 'zod'
import { defineRegistration, type Ask, type Hook, type Wanted } from './registration.ts'
import { credential, itemsOf, textAt } from './rest.ts'

const HOOKS = '/api/Webhook'
const EVENTS = '/api/Notification'
/** Of HaloPSA's enumerations: a webhook (not a runbook), sent with POST, with basic authentication, one event a request. */
const OUTBOUND = {
  type: 0,
  method: 0,
  authentication_type: 1,
  batch_method: 0,
  content_type: 'application/json',
}
/** A notification that goes to a webhook, whoever is concerned. */
const TO_WEBHOOK = { type: -2, delivery_method: 6, agent_id: 0, name: '', conditions: [], interval: 0 }

const hookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    active: z.boolean().nullish(),
    events: z.array(z.object({ id: z.number(), eventno: z.number() })).nullish(),
  })
  .transform(({ id, url, active, events }): Hook => {
    const parts = Object.fromEntries((events ?? []).map((each) => [String(each.eventno), String(each.id)]))
    return { id, url, events: Object.keys(parts), isActive: active !== false, parts }
  })

export const halopsa = defineRegistration({
  provider: 'halopsa',
  name: 'HaloPSA',
  docs: 'https://halopsa.com/apidoc/info',
  permission:
    'an API application with client credentials, the scope `all`, and an agent who may edit webhooks',
  credentials: z.object({
    clientId: credential,
    clientSecret: credential,
    /** Of hosted installations that share an authorisation server. */
    tenant: z.string().min(1).max(200).optional(),
  }),
  target: z.object({}),
  events: {
    schema: z.string().regex(/^\d{1,6}$/, 'the number of an event of HaloPSA, such as 3 for a new ticket'),
    // A new ticket, an update by the user, closed, another status.
    default: ['3', '19', '39', '76'],
    max: 20,
  },
  secret: {
    from: 'us',
    make: (random) => `hookway:${random}`,
    suits: (secret) => /^[^:]+:./.test(secret),
  },
  faultIn: (body) => textAt(body, 'error_description', 'message', 'error', 'title'),
  api: ({ clientId, clientSecret, tenant }) => ({
    token: tokenAsk({ clientId, clientSecret, tenant }),
    headers: (token) => ({ authorization: `Bearer ${token}`, accept: 'application/json' }),
    list: () => ({ method: 'GET', path: `${HOOKS}?type=0` }),
    page: ({ body }) => ({ hooks: itemsOf(hookSchema, body) }),
    read: (id) => ({ method: 'GET', path: `${HOOKS}/${encodeURIComponent(id)}?includedetails=true` }),
    create: (wanted) => ({ method: 'POST', path: HOOKS, json: [settingsOf(wanted)] }),
    hookIn: ({ body }) => hookSchema.safeParse(Array.isArray(body) ? body[0] : body).data,
    update: ({ id }, wanted) => ({ method: 'POST', path: HOOKS, json: [{ id, ...settingsOf(wanted) }] }),
    after: ({ id, parts = {} }, { events }) => [
      ...events
        .filter((event) => !(event in parts))
        .map((event): Ask => ({
          method: 'POST',
          path: EVENTS,
          json: [{ ...TO_WEBHOOK, webhook_id: id, eventno: Number(event) }],
        })),
      ...Object.entries(parts)
        .filter(([event]) => !events.includes(event))
        .map(([, part]): Ask => ({ method: 'DELETE', path: `${EVENTS}/${encodeURIComponent(part)}` })),
    ],
    remove: (id) => ({ method: 'DELETE', path: `${HOOKS}/${encodeURIComponent(id)}` }),
  }),
})

function settingsOf({ url, name, secret = '' }: Wanted) {
  const [username = '', ...password] = secret.split(':')
  return {
    name,
    url,
    active: true,
    ...OUTBOUND,
    basic_username: username,
    basic_password: password.join(':'),
  }
}

function tokenAsk({
  tenant,
  clientId,
  clientSecret,
}: {
  tenant: string | undefined
  clientId: string
  clientSecret: string
}): Ask {
  const form = Object.entries({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'all',
  })
  const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`
  return { method: 'POST', path: `/auth/token${query}`, form }
}
