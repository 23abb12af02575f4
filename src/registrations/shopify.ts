import { z } from 'zod'
import { defineRegistration, type Ask, type Hook } from './registration.ts'
import { credential, itemsOf, textAt } from './rest.ts'

/** Shopify answers one that it no longer supports as the oldest that it does. */
const VERSION = '2026-07'
const FIELDS = 'id topic uri'
const LIST = `query ($after: String) { webhookSubscriptions(first: 100, after: $after) {
  nodes { ${FIELDS} } pageInfo { hasNextPage endCursor } } }`
const CREATE = `mutation ($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri, format: JSON }) {
    webhookSubscription { ${FIELDS} } userErrors { field message } } }`
const REMOVE = `mutation ($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } } }`

const hookSchema = z
  .object({ id: z.string(), topic: z.string(), uri: z.string() })
  .transform(({ id, topic, uri }): Hook => ({ id, url: uri, events: [topic], isActive: true }))
const userErrors = z.array(z.object({ message: z.string() })).default([])
const dataSchema = z.object({
  errors: z.unknown().optional(),
  data: z
    .object({
      webhookSubscriptions: z
        .object({
          nodes: z.array(z.unknown()),
          pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
        })
        .optional(),
      webhookSubscriptionCreate: z.object({ webhookSubscription: z.unknown(), userErrors }).nullish(),
      webhookSubscriptionDelete: z.object({ userErrors }).nullish(),
    })
    .nullish(),
})

const clientCredentials = z.object({ clientId: credential, clientSecret: credential })

export const shopify = defineRegistration({
  provider: 'shopify',
  name: 'Shopify',
  docs: 'https://shopify.dev/docs/apps/build/webhooks/subscribe/subscribe-using-api',
  permission: 'the access scopes of the topics, such as `read_orders` for orders/create',
  baseUrl: ({ shop }) => `https://${shop}`,
  credentials: z.union([
    z.object({ accessToken: credential, clientSecret: credential.optional() }),
    clientCredentials,
  ]),
  target: z.object({
    shop: z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}\.myshopify\.com$/, 'NAME.myshopify.com'),
  }),
  events: {
    schema: z
      .string()
      .regex(/^([a-z_]{1,60}\/[a-z_]{1,60}|[A-Z_]{3,120})$/, 'a topic such as orders/create or ORDERS_CREATE')
      .transform((topic) => topic.replace('/', '_').toUpperCase()),
    default: ['ORDERS_CREATE', 'ORDERS_UPDATED', 'PRODUCTS_UPDATE', 'CUSTOMERS_UPDATE', 'APP_UNINSTALLED'],
    max: 30,
  },
  isHookForEach: true,
  secret: { from: 'credentials', field: 'clientSecret' },
  isTaken: /already been taken/,
  faultIn(body) {
    const { errors, data } = dataSchema.safeParse(body).data ?? {}
    const { webhookSubscriptionCreate: created, webhookSubscriptionDelete: removed } = data ?? {}
    const [first] = [...(created?.userErrors ?? []), ...(removed?.userErrors ?? [])]
    if (first) return first.message
    if (errors === undefined) return textAt(body, 'error_description', 'error')
    const [error] = itemsOf(z.object({ message: z.string() }), errors)
    return error?.message ?? textAt({ errors }, 'errors')
  },
  api(credentials) {
    const exchanged = clientCredentials.safeParse(credentials).data
    const isOwnToken = 'accessToken' in credentials
    return {
      ...(exchanged && !isOwnToken ? { token: tokenAsk(exchanged) } : {}),
      headers: (token) => ({ 'x-shopify-access-token': isOwnToken ? credentials.accessToken : token }),
      list: (after) => graphql(LIST, { after: after ?? null }),
      page: ({ body }) => {
        const { nodes = [], pageInfo } = dataSchema.safeParse(body).data?.data?.webhookSubscriptions ?? {}
        const next = pageInfo?.hasNextPage ? pageInfo.endCursor : undefined
        return { hooks: itemsOf(hookSchema, nodes), next: next ?? undefined }
      },
      create: ({ url, events: [event] }) => graphql(CREATE, { topic: event, uri: url }),
      hookIn: ({ body }) => {
        const created = dataSchema.safeParse(body).data?.data?.webhookSubscriptionCreate
        return hookSchema.safeParse(created?.webhookSubscription).data
      },
      remove: (id) => graphql(REMOVE, { id }),
    }
  },
})

function graphql(query: string, variables: Record<string, unknown>): Ask {
  return { method: 'POST', path: `/admin/api/${VERSION}/graphql.json`, json: { query, variables } }
}

function tokenAsk({ clientId, clientSecret }: z.output<typeof clientCredentials>): Ask {
  const form = Object.entries({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  })
  return { method: 'POST', path: '/admin/oauth/access_token', form }
}
