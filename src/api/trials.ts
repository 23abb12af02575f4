import { z } from 'zod'
import { getEndpoint } from '../db/endpoints.ts'
import { getEvent } from '../db/events.ts'
import { getSubscription } from '../db/subscriptions.ts'
import { utf8 } from '../model/bytes.ts'
import type { Event } from '../model/event.ts'
import { idSchema, newId, type EndpointId, type TenantId } from '../model/id.ts'
import { putSecrets, subscriptionPlaces } from '../model/sealed-settings.ts'
import { subscriptionSettingsSchema, type Subscription } from '../model/subscription.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Operation } from './operation.ts'
import { payloadMask } from './payload-masks.ts'
import { timeQuery } from './page.ts'
import { invalid } from './parse.ts'

const givenEvent = z.object({
  type: z.string().min(1).max(200),
  data: z.unknown(),
  sourceId: idSchema('src').nullable().default(null),
  method: z.string().max(20).default('POST'),
  path: z.string().max(2000).default(''),
  headers: z.record(z.string(), z.string()).default({}),
  metadata: z.record(z.string(), z.unknown()).default({}),
  receivedAt: timeQuery.optional(),
})

const trialSchema = z.object({
  /** Of a subscription that exists … */
  subscriptionId: idSchema('sub').optional(),
  /** … its settings, some or all of them replaced; or those of one that does not exist yet. */
  subscription: z.record(z.string(), z.unknown()).optional(),
  /** An event that was received … */
  eventId: idSchema('evt').optional(),
  /** … or one that is made up. */
  event: givenEvent.optional(),
})

const clauseSchema = z.object({
  at: z.string(),
  field: z.string().optional(),
  operator: z.string(),
  expected: z.unknown().optional(),
  found: z.unknown().optional(),
})

const reportSchema = z.object({
  outcome: z.enum(['delivered', 'skipped', 'held', 'failed']),
  steps: z.array(
    z.object({
      step: z.enum(['match', 'sample', 'filter', 'schedule', 'transform', 'target']),
      passed: z.boolean(),
      detail: z.string(),
      clause: clauseSchema.optional(),
      result: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  delivery: z.record(z.string(), z.unknown()).optional(),
  diff: z
    .array(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
    .optional(),
})

type Given = z.output<typeof trialSchema>

export function trialOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/subscriptions/test',
      summary:
        'See what a subscription makes of an event, step by step; nothing is sent or kept. Without payloads:read it sees a stored event masked',
      access: 'subscriptions',
      body: trialSchema,
      answers: { status: 200, schema: reportSchema },
      async run({ tenantId, scopes, body, now }) {
        const subscription = await subscriptionOf(deps, { tenantId, body, now })
        const faults = deps.rules.faultsOf(subscription)
        if (faults.length > 0) {
          throw invalid(faults.map(({ path, message }) => ({ path: `subscription.${path}`, message })))
        }
        const event = await eventOf(deps, { tenantId, body, now })
        const isStored = body.eventId !== undefined
        const seen = isStored ? await payloadMask(deps, { tenantId, scopes })(event) : event
        return { status: 200, body: await deps.rules.tryOut(subscription, seen) }
      },
    }),
  ]
}

interface Asked {
  tenantId: TenantId
  body: Given
  now: number
}

async function subscriptionOf(
  { db, sealer }: ApiDeps,
  { tenantId, body, now }: Asked,
): Promise<Subscription> {
  const { subscriptionId, subscription } = body
  if (subscriptionId === undefined && subscription === undefined) {
    throw invalid([{ path: 'subscriptionId', message: 'is required, or `subscription`' }])
  }
  const found = subscriptionId && (await getSubscription(db, { tenantId, id: subscriptionId }))
  if (subscriptionId !== undefined && !found) throw notFound()
  const parsed = subscriptionSettingsSchema.safeParse({ ...(found && found.settings), ...subscription })
  if (!parsed.success) {
    const at = (path: PropertyKey[]) => ['subscription', ...path].map(String).join('.')
    throw invalid(parsed.error.issues.map(({ path, message }) => ({ path: at(path), message })))
  }
  const named = idSchema('ep').safeParse(subscription?.['endpointId'])
  const endpointId: EndpointId = found ? found.endpointId : named.success ? named.data : 'ep_'
  if (!found && named.success && !(await getEndpoint(db, { tenantId, id: endpointId }))) {
    throw invalid([{ path: 'subscription.endpointId', message: 'is no endpoint of this tenant' }])
  }
  const settings = found
    ? await putSecrets(parsed.data, subscriptionPlaces, { sealed: found.sealed ?? {}, id: found.id, sealer })
    : parsed.data
  return { id: found ? found.id : newId('sub', now), tenantId, endpointId, createdAt: 0, ...settings }
}

async function eventOf(deps: ApiDeps, { tenantId, body, now }: Asked): Promise<Event> {
  if (body.eventId !== undefined) {
    const row = await getEvent(deps.logDb, tenantId, body.eventId)
    const event = row && (await deps.readEvent(row.pointer, row.bodyKey))
    if (!event) throw notFound()
    return event
  }
  if (body.event === undefined) throw invalid([{ path: 'eventId', message: 'is required, or `event`' }])
  const { data, headers, receivedAt, ...head } = body.event
  const bytes = utf8(JSON.stringify(data ?? null))
  return {
    head: {
      ...head,
      id: newId('evt', now),
      tenantId,
      receivedAt: receivedAt ?? now,
      headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      contentType: 'application/json',
      bodyBytes: bytes.byteLength,
    },
    body: bytes,
  }
}
