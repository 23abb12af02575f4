import { z } from 'zod'
import { getEndpoint, listEndpoints, type EndpointRecord } from '../db/endpoints.ts'
import { endpointHours, rejectionsSince, sourceHours, type HourRow } from '../db/metrics.ts'
import { getSource } from '../db/sources.ts'
import { heartbeats } from '../db/sweeps.ts'
import { isoTime } from '../model/clock.ts'
import { healthStatusSchema, judge, type HealthStatus, type Verdict } from '../model/health.ts'
import { firstIdAt, idSchema, type EndpointId, type SourceId, type TenantId } from '../model/id.ts'
import { DAY_MS } from '../model/metrics.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { isoOrNull } from './fields.ts'
import { operation, type Operation } from './operation.ts'

/** What health is judged by. */
const WINDOW_MS = DAY_MS
/** Endpoints that the tenant's health counts. */
const ENDPOINTS_MAX = 1_000
/** Every list is swept each minute; after this long something is wrong with the sweep itself. */
export const SWEEP_LATE_MS = 15 * 60_000

const verdictSchema = z.object({
  status: healthStatusSchema,
  /** Failures since the last success. */
  failureCount: z.int(),
  /** Of the last 24 hours, in percent. */
  failureRate: z.number(),
  recommendations: z.array(z.string()),
  lastEventAt: z.iso.datetime().nullable(),
  lastFailureAt: z.iso.datetime().nullable(),
})
const endpointSchema = verdictSchema.extend({
  endpointId: idSchema('ep'),
  state: z.string(),
  attempts: z.int(),
  delivered: z.int(),
  failed: z.int(),
  lastDeliveredAt: z.iso.datetime().nullable(),
})
const sourceSchema = verdictSchema.extend({
  sourceId: idSchema('src'),
  state: z.string(),
  received: z.int(),
  rejected: z.int(),
})
const serviceSchema = z.object({
  status: healthStatusSchema,
  failureRate: z.number(),
  recommendations: z.array(z.string()),
  endpoints: z.object({ healthy: z.int(), degraded: z.int(), failed: z.int() }),
  /** Those that are not healthy, the first 100. */
  unhealthy: z.array(z.object({ endpointId: idSchema('ep'), name: z.string(), status: healthStatusSchema })),
  sweep: z.object({
    status: z.enum(['ok', 'late', 'unknown']),
    lists: z.array(z.object({ list: z.string(), sweptAt: z.iso.datetime() })),
  }),
})

export function healthOperations({ db, logDb }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/health',
      summary: 'The health of the tenant’s endpoints in the last 24 hours, and of the sweep',
      access: 'health',
      answers: { status: 200, schema: serviceSchema },
      async run({ tenantId, now }) {
        const body = await tenantHealth({ db, logDb }, { tenantId, now })
        return { status: 200, body: { ...body, sweep: await sweepHealth(db, now) } }
      },
    }),
    operation({
      method: 'GET',
      path: '/endpoints/:id/health',
      summary:
        'Whether an endpoint takes what it is sent: failed from 3 failures in a row or over 25 %, degraded from one or 5 %',
      access: 'health',
      idPrefix: 'ep',
      answers: { status: 200, schema: endpointSchema },
      async run({ tenantId, id, now }) {
        const record = await getEndpoint(db, { tenantId, id })
        if (!record) throw notFound()
        return { status: 200, body: await endpointHealth(logDb, { record, now }) }
      },
    }),
    operation({
      method: 'GET',
      path: '/sources/:id/health',
      summary: 'Whether a source accepts what it is sent, by the same measure',
      access: 'health',
      idPrefix: 'src',
      answers: { status: 200, schema: sourceSchema },
      async run({ tenantId, id, now }) {
        const health = await sourceHealth({ db, logDb }, { tenantId, id, now })
        if (!health) throw notFound()
        return { status: 200, body: health }
      },
    }),
  ]
}

export async function endpointHealth(
  logDb: D1Database,
  { record, now }: { record: EndpointRecord; now: number },
) {
  const { id, tenantId, settings } = record
  const hours = await endpointHours(logDb, { tenantId, ids: [id], from: now - WINDOW_MS })
  const facts = factsOf(hours)
  return {
    endpointId: id,
    state: settings.state,
    failureCount: facts.failureCount,
    ...verdictOf(facts, settings.state),
    attempts: facts.tries,
    delivered: facts.tries - facts.failures,
    failed: facts.failures,
    lastEventAt: latest(hours, 'lastAt'),
    lastDeliveredAt: latest(hours, 'lastDeliveredAt'),
    lastFailureAt: latest(hours, 'lastFailedAt'),
  }
}

export async function sourceHealth(
  { db, logDb }: Pick<ApiDeps, 'db' | 'logDb'>,
  { tenantId, id, now }: { tenantId: TenantId; id: SourceId; now: number },
) {
  const source = await getSource(db, { tenantId, id })
  if (!source) return undefined
  const hours = await sourceHours(logDb, { tenantId, sourceId: id, from: now - WINDOW_MS })
  const received = sum(hours, 'received')
  const rejected = sum(hours, 'rejected')
  const lastAt = latestMs(hours, 'lastAt') ?? now - WINDOW_MS
  const failureCount =
    (latestMs(hours, 'lastRejectedAt') ?? 0) > lastAt
      ? await rejectionsSince(logDb, { tenantId, sourceId: id, fromId: firstIdAt('rej', lastAt + 1) })
      : 0
  const facts = { failureCount, tries: received + rejected, failures: rejected, isDown: false }
  return {
    sourceId: id,
    state: source.settings.state,
    failureCount,
    ...judge(facts),
    received,
    rejected,
    lastEventAt: latest(hours, 'lastAt'),
    lastFailureAt: latest(hours, 'lastRejectedAt'),
  }
}

/** Healthy while under 5 % of all tries fail; the endpoints are counted by their own health. */
export async function tenantHealth(
  { db, logDb }: Pick<ApiDeps, 'db' | 'logDb'>,
  { tenantId, now }: { tenantId: TenantId; now: number },
) {
  const records = await listEndpoints(db, tenantId, { after: undefined, limit: ENDPOINTS_MAX })
  const ids = records.map(({ id }) => id)
  const hours = await endpointHours(logDb, { tenantId, ids, from: now - WINDOW_MS })
  const byEndpoint = Map.groupBy(hours, ({ key }) => key as EndpointId)
  const endpoints: Record<HealthStatus, number> = { healthy: 0, degraded: 0, failed: 0 }
  const unhealthy: { endpointId: EndpointId; name: string; status: HealthStatus }[] = []
  for (const { id, name, settings } of records) {
    const { status } = verdictOf(factsOf(byEndpoint.get(id) ?? []), settings.state)
    endpoints[status]++
    if (status !== 'healthy' && unhealthy.length < 100) unhealthy.push({ endpointId: id, name, status })
  }
  const failures = sum(hours, 'failed')
  const all = judge({ failureCount: 0, tries: sum(hours, 'attempts'), failures, isDown: false })
  return { ...all, endpoints, unhealthy }
}

export async function sweepHealth(db: D1Database, now: number) {
  const lists = await heartbeats(db)
  const last = lists.reduce((max, { sweptAt }) => Math.max(max, sweptAt), 0)
  const isLate = lists.some(({ sweptAt }) => now - sweptAt > SWEEP_LATE_MS) || now - last > SWEEP_LATE_MS
  const status = lists.length === 0 ? 'unknown' : isLate ? 'late' : 'ok'
  return { status, lists: lists.map(({ list, sweptAt }) => ({ list, sweptAt: isoTime(sweptAt) })) }
}

/** A paused endpoint is well; one that was given up has failed, whatever it did before. */
function verdictOf(facts: ReturnType<typeof factsOf>, state: EndpointRecord['settings']['state']): Verdict {
  return judge({ ...facts, isDown: state === 'disabled' })
}

/** Of hours newest first: failures count as in a row until an hour that had a success. */
function factsOf(hours: readonly HourRow[]) {
  const success = hours.findIndex(({ delivered }) => delivered > 0)
  const recent = success === -1 ? hours : hours.slice(0, success + 1)
  return {
    failureCount: sum(recent, 'failing'),
    tries: sum(hours, 'attempts'),
    failures: sum(hours, 'failed'),
  }
}

type Count = 'received' | 'rejected' | 'attempts' | 'failed' | 'failing'
type Time = 'lastAt' | 'lastDeliveredAt' | 'lastFailedAt' | 'lastRejectedAt'

function sum(hours: readonly HourRow[], field: Count): number {
  return hours.reduce((total, hour) => total + hour[field], 0)
}

function latestMs(hours: readonly HourRow[], field: Time): number | null {
  return hours.reduce<number | null>((max, hour) => {
    const at = hour[field]
    return at !== null && (max === null || at > max) ? at : max
  }, null)
}

function latest(hours: readonly HourRow[], field: Time): string | null {
  return isoOrNull(latestMs(hours, field))
}
