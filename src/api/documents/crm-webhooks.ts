import type { Hono } from 'hono'
import { z } from 'zod'
import { eventTypePatternSchema } from '../../model/subscription.ts'
import type { ApiEnv } from '../handle.ts'
import { parse } from '../parse.ts'
import { bodyOf, callerOf, idOf, listOf, type Body, type Call } from './adapter.ts'

/** `POST /api/webhooks` of the CRM webhook guide: an endpoint that takes envelopes signed with `X-Webhook-Signature`. */
const registration = z.object({
  url: z.string(),
  events: z.array(eventTypePatternSchema).min(1).max(200),
  isActive: z.boolean().default(true),
  secret: z.string().min(32, 'at least 32 characters').max(200).optional(),
})

const halo = z.object({
  url: z.string(),
  events: z.array(eventTypePatternSchema).min(1).max(200),
  filters: z
    .object({
      ticket_types: z.array(z.unknown()).optional(),
      custom_fields: z.array(z.unknown()).optional(),
      status_changes: z.array(z.unknown()).optional(),
    })
    .default({}),
  secret: z.string().min(1).max(200).optional(),
  retry_policy: z
    .object({
      max_retries: z.int().min(0).max(99).default(3),
      backoff_type: z.enum(['exponential', 'linear', 'fixed']).default('exponential'),
      initial_interval: z.number().min(0).max(86_400).default(30),
    })
    .prefault({}),
  active: z.boolean().default(true),
})

/** As the guide promises: three tries, the second after a minute, the third after five. */
const CRM = { payload: 'envelope', signing: { scheme: 'sha256-hex' }, retry: { preset: 'crm' } }

export function serveCrmWebhooks(app: Hono<ApiEnv>): void {
  app.post('/api/webhooks', async (context) => {
    const { url, events, isActive, secret } = parse(registration, await bodyOf(context), 'body')
    const state = isActive ? 'active' : 'paused'
    const call = callerOf(app, context)
    const made = await call('POST', '/endpoints', {
      ...CRM,
      url,
      eventTypes: events,
      state,
      ...(secret && { secret }),
    })
    if (!made.ok) return made.response
    return context.json({ ...showWebhook(made.body, events), secret: made.body['secret'] }, 201)
  })
  app.get('/api/webhooks', async (context) => {
    const call = callerOf(app, context)
    const endpoints = await call('GET', '/endpoints?limit=250')
    if (!endpoints.ok) return endpoints.response
    const items = await Promise.all(
      listOf(endpoints.body).map(async (each) => showWebhook(each, await eventsOf(call, String(each['id'])))),
    )
    return context.json({ items })
  })
  app.get('/api/webhooks/:id', async (context) => {
    const call = callerOf(app, context)
    const endpoint = await call('GET', `/endpoints/${idOf(context)}`)
    if (!endpoint.ok) return endpoint.response
    return context.json(showWebhook(endpoint.body, await eventsOf(call, String(endpoint.body['id']))))
  })
  app.delete('/api/webhooks/:id', async (context) => {
    const gone = await callerOf(app, context)('DELETE', `/endpoints/${idOf(context)}`)
    return gone.ok ? context.body(null, 204) : gone.response
  })
  app.get('/api/webhooks/:id/deliveries', async (context) => {
    const call = callerOf(app, context)
    const endpoint = await call('GET', `/endpoints/${idOf(context)}`)
    if (!endpoint.ok) return endpoint.response
    const deliveries = await call('GET', `/deliveries?limit=100&endpointId=${String(endpoint.body['id'])}`)
    if (!deliveries.ok) return deliveries.response
    return context.json({ items: listOf(deliveries.body).map(showDelivery) })
  })
  serveHaloWebhook(app)
}

/** `POST /api/webhook` of the HaloPSA patterns. */
function serveHaloWebhook(app: Hono<ApiEnv>): void {
  app.post('/api/webhook', async (context) => {
    const given = parse(halo, await bodyOf(context), 'body')
    const { url, events, secret, active, filters, retry_policy } = given
    const call = callerOf(app, context)
    const made = await call('POST', '/endpoints', {
      ...CRM,
      url,
      eventTypes: events,
      state: active ? 'active' : 'paused',
      retry: retryOf(retry_policy),
      ...(secret && { secret }),
    })
    if (!made.ok) return made.response
    const { id, secret: shown, createdAt } = made.body
    const hasFilters = Object.keys(filters).length > 0
    const warnings = hasFilters ? ['filters are not applied: give them to the subscription'] : []
    const answer = { id, url, events, filters, secret: shown, retry_policy, active, createdAt, warnings }
    return context.json(answer, 201)
  })
}

/** Their retries come after the first try; ours count every try. */
function retryOf({
  max_retries,
  backoff_type,
  initial_interval,
}: z.output<typeof halo>['retry_policy']): Body {
  if (backoff_type === 'fixed') {
    return { scheduleSeconds: [0, ...Array.from({ length: max_retries }, () => initial_interval)] }
  }
  return { strategy: backoff_type, initialSeconds: initial_interval, attempts: max_retries + 1 }
}

async function eventsOf(call: Call, endpointId: string): Promise<string[]> {
  const subscriptions = await call('GET', `/subscriptions?limit=250&endpointId=${endpointId}`)
  if (!subscriptions.ok) return []
  return listOf(subscriptions.body).flatMap(({ eventTypes }) => eventTypes as string[])
}

function showWebhook({ id, url, state, createdAt }: Body, events: string[]): Body {
  return { id, url, events, isActive: state === 'active', createdAt }
}

const STATUS: Record<string, string> = { delivered: 'success', dead: 'failed', cancelled: 'failed' }

function showDelivery(delivery: Body): Body {
  const { id, eventId, eventType, status, statusCode, attempts, lastAttemptAt, nextAttemptAt, error } =
    delivery
  return {
    id,
    eventId,
    eventType,
    status: STATUS[String(status)] ?? status,
    statusCode,
    attempts,
    lastAttemptAt,
    nextRetryAt: nextAttemptAt,
    ...(error !== null && { error }),
  }
}
