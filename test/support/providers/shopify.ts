import { createHmac } from 'node:crypto'
import { startProvider, type Answered, type Asked, type FakeProvider } from './fake-provider.ts'

interface ShopifyHook {
  id: string
  topic: string
  uri: string
}

export const SHOPIFY_TOKEN = 'shpat_right'
export const SHOPIFY_CLIENT = { clientId: 'client-1', clientSecret: 'shpss_of-the-app' }
const PATH = /^\/admin\/api\/\d{4}-\d{2}\/graphql\.json$/

interface Variables {
  after?: string | null
  topic: string
  uri: string
  id: string
}

/** https://shopify.dev/docs/api/admin-graphql: refusals with status 200, and a subscription for each topic. */
export async function startShopify(): Promise<FakeProvider<ShopifyHook>> {
  let count = 0
  return await startProvider<ShopifyHook>((asked, hooks) => {
    if (asked.path === '/admin/oauth/access_token') return exchangeToken(asked.body as URLSearchParams)
    if (!PATH.test(asked.path)) return { status: 404, body: { errors: 'Not Found' } }
    const refused = refusal(asked)
    if (refused) return refused
    const { query, variables } = asked.body as { query: string; variables: Variables }
    if (query.includes('webhookSubscriptionCreate')) {
      const fault = faultOf(variables, hooks)
      if (fault !== undefined) return created(null, [fault])
      const made = {
        id: `gid://shopify/WebhookSubscription/${++count}`,
        topic: variables.topic,
        uri: variables.uri,
      }
      hooks.push(made)
      return created(made, [])
    }
    if (query.includes('webhookSubscriptionDelete')) return remove(variables, hooks)
    return page(hooks, variables.after ?? null)
  })
}

export async function deliverShopify({ topic, uri }: ShopifyHook, payload: object): Promise<number> {
  const body = JSON.stringify(payload)
  const headers = {
    'content-type': 'application/json',
    'x-shopify-topic': topic.toLowerCase().replace('_', '/'),
    'x-shopify-webhook-id': crypto.randomUUID(),
    'x-shopify-hmac-sha256': createHmac('sha256', SHOPIFY_CLIENT.clientSecret).update(body).digest('base64'),
  }
  return (await fetch(uri, { method: 'POST', headers, body })).status
}

function exchangeToken(form: URLSearchParams): Answered {
  const isRight =
    form.get('grant_type') === 'client_credentials' &&
    form.get('client_id') === SHOPIFY_CLIENT.clientId &&
    form.get('client_secret') === SHOPIFY_CLIENT.clientSecret
  return isRight
    ? { status: 200, body: { access_token: SHOPIFY_TOKEN, scope: 'read_orders', expires_in: 86_399 } }
    : { status: 400, body: { error: 'invalid_client', error_description: 'Client authentication failed' } }
}

function refusal({ headers }: Asked): Answered | undefined {
  switch (headers['x-shopify-access-token']) {
    case SHOPIFY_TOKEN:
      return undefined
    case 'shpat_reader': {
      const message = 'Access denied for webhookSubscriptions field.'
      return {
        status: 200,
        body: { errors: [{ message, extensions: { code: 'ACCESS_DENIED' } }], data: null },
      }
    }
    default: {
      const errors = '[API] Invalid API key or access token (unrecognized login or wrong password)'
      return { status: 401, body: { errors } }
    }
  }
}

function faultOf({ topic, uri }: Variables, hooks: readonly ShopifyHook[]): string | undefined {
  if (topic === 'NO_SUCH') return 'Invalid topic specified.'
  const isTaken = hooks.some((hook) => hook.topic === topic && hook.uri === uri)
  return isTaken ? 'Address for this topic has already been taken' : undefined
}

function created(webhookSubscription: ShopifyHook | null, faults: string[]): Answered {
  const userErrors = faults.map((message) => ({ field: ['webhookSubscription'], message }))
  return { status: 200, body: { data: { webhookSubscriptionCreate: { webhookSubscription, userErrors } } } }
}

function remove({ id }: Variables, hooks: ShopifyHook[]): Answered {
  const at = hooks.findIndex((hook) => hook.id === id)
  const userErrors = at === -1 ? [{ field: ['id'], message: 'Webhook subscription does not exist' }] : []
  if (at !== -1) hooks.splice(at, 1)
  const deletedWebhookSubscriptionId = at === -1 ? null : id
  return {
    status: 200,
    body: { data: { webhookSubscriptionDelete: { deletedWebhookSubscriptionId, userErrors } } },
  }
}

function page(hooks: readonly ShopifyHook[], after: string | null): Answered {
  const from = after === null ? 0 : Number(after)
  const nodes = hooks.slice(from, from + 2)
  const pageInfo = { hasNextPage: from + 2 < hooks.length, endCursor: String(from + 2) }
  return { status: 200, body: { data: { webhookSubscriptions: { nodes, pageInfo } } } }
}
