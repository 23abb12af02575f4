import type { Hono } from 'hono'
import { z } from 'zod'
import type { ApiEnv } from '../handle.ts'
import { parse } from '../parse.ts'
import { bodyOf, callerOf, idOf, listOf, type Body } from './adapter.ts'

const registration = z.object({
  connectionId: z.string().min(1).max(200),
  events: z.array(z.string().min(1).max(200)).max(200).default([]),
  retryPolicy: z.object({ maxRetries: z.int().min(0), backoffSeconds: z.number().min(0) }).optional(),
})

/** How each integration of the webhook management document signs; others are named as our providers are. */
const SIGNED: Record<string, Body> = {
  salesforce: {
    provider: 'generic-hmac',
    config: { header: 'x-salesforce-event-signature', prefix: 'sha256=' },
  },
  notion: { provider: 'notion' },
  slack: { provider: 'slack' },
  github: { provider: 'github' },
  google: { provider: 'generic-token', config: { header: 'x-goog-channel-token' } },
}

/** Read by the adapter, kept in the source's `config` beside what its provider reads. */
const FACTS: Record<string, Body> = {
  salesforce: { event: { type: '/action', entityType: '/sobject/name', entityId: '/sobject/fields/Id' } },
}

/** The webhook management document's calls: a registration is a source, and its id ours. */
export function serveIntegrationWebhooks(app: Hono<ApiEnv>): void {
  app.post('/integrations/:integrationId/webhooks', async (context) => {
    const integrationId = context.req.param('integrationId')
    const given = parse(registration, await bodyOf(context), 'body')
    const { provider = integrationId, config = {} } = SIGNED[integrationId] ?? {}
    const registered = { integrationId, ...given }
    const made = await callerOf(app, context)('POST', '/sources', {
      provider,
      name: `${integrationId} ${given.connectionId}`.slice(0, 200),
      config: { ...(config as Body), ...FACTS[integrationId], registered },
    })
    if (!made.ok) return made.response
    const { id, secret, createdAt } = made.body
    const webhookUrl = urlOf(context.req.url, id)
    return context.json(
      { registrationId: id, webhookUrl, webhookSecret: secret, status: 'active', createdAt },
      201,
    )
  })
  app.get('/webhooks', async (context) => {
    const sources = await callerOf(app, context)('GET', '/sources?limit=250')
    if (!sources.ok) return sources.response
    const { integrationId, connectionId } = context.req.query()
    const webhooks = listOf(sources.body)
      .map((source) => ({ id: source['id'], ...registrationOf(source), status: statusOf(source) }))
      .filter((each) => integrationId === undefined || each.integrationId === integrationId)
      .filter((each) => connectionId === undefined || each.connectionId === connectionId)
    return context.json({ webhooks, total: webhooks.length })
  })
  app.get('/webhooks/health', async (context) => {
    const call = callerOf(app, context)
    const sources = await call('GET', '/sources?limit=250')
    if (!sources.ok) return sources.response
    const list = listOf(sources.body)
    const healths = await Promise.all(list.map(({ id }) => call('GET', `/sources/${String(id)}/health`)))
    const failed = healths.filter((each) => each.ok && each.body['status'] === 'failed').length
    const status = failed === 0 ? 'healthy' : failed < list.length ? 'degraded' : 'unhealthy'
    // Each isolate keeps its own cache and does not count how often it was right: a source in use is always in it.
    return context.json({
      status,
      registrationsCount: list.length,
      failedRegistrationsCount: failed,
      cacheHitRate: 1,
    })
  })
  app.get('/webhooks/:id', async (context) => {
    const call = callerOf(app, context)
    const source = await call('GET', `/sources/${idOf(context)}`)
    if (!source.ok) return source.response
    const health = await call('GET', `/sources/${idOf(context)}/health`)
    if (!health.ok) return health.response
    const { id, createdAt } = source.body
    const { failureCount, lastEventAt } = health.body
    return context.json({
      id,
      tenantId: context.req.header('hookway-tenant') ?? 'default',
      ...registrationOf(source.body),
      webhookUrl: urlOf(context.req.url, id),
      status: statusOf(source.body),
      isVerified: lastEventAt !== null,
      failureCount,
      createdAt,
    })
  })
  app.delete('/webhooks/:id', async (context) => {
    const gone = await callerOf(app, context)('DELETE', `/sources/${idOf(context)}`)
    return gone.ok ? context.body(null, 204) : gone.response
  })
  app.get('/webhooks/:id/health', async (context) => {
    const health = await callerOf(app, context)('GET', `/sources/${idOf(context)}/health`)
    if (!health.ok) return health.response
    const { sourceId, status, failureCount, lastEventAt, failureRate, recommendations } = health.body
    return context.json({
      registrationId: sourceId,
      status,
      failureCount,
      lastEventAt,
      failureRate,
      recommendations,
    })
  })
}

/** What it was registered with; a source that was made otherwise is named by its provider. */
function registrationOf({ config, provider, id }: Body): {
  integrationId: string
  connectionId: string
  events: string[]
} {
  const known = registration
    .extend({ integrationId: z.string() })
    .safeParse((config as Body | undefined)?.['registered'])
  if (!known.success) return { integrationId: String(provider), connectionId: String(id), events: [] }
  const { integrationId, connectionId, events } = known.data
  return { integrationId, connectionId, events }
}

function statusOf({ state }: Body): string {
  return state === 'active' ? 'active' : 'inactive'
}

function urlOf(requestUrl: string, id: unknown): string {
  return new URL(`/webhooks/${String(id)}`, requestUrl).href
}
