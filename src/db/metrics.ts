import type { EndpointId, TenantId } from '../model/id.ts'
import { DAY_MS, HOUR_MS, hourOf, type Counts } from '../model/metrics.ts'
import { COUNTERS } from './metrics-writer.ts'

/** Groups in one answer. */
export const GROUPS_MAX = 10_000

const KEYS = {
  none: "''",
  endpoint: 'endpoint_id',
  source: 'source_id',
  type: 'type',
  country: 'country',
} as const
export type GroupKey = keyof typeof KEYS
const STEPS = { total: 0, hour: HOUR_MS, day: DAY_MS } as const
export type Interval = keyof typeof STEPS

export interface MetricsQuery {
  by: GroupKey
  interval: Interval
  /** Milliseconds; `to` exclusive. */
  from: number
  to: number
  endpointId?: string | undefined
  sourceId?: string | undefined
  type?: string | undefined
}

export interface Group {
  key: string
  /** The start of the hour or day; of a total, the first that has any. */
  at: number
  counts: Counts
}

/** The sums of a range, from days where there are any and from hours for the rest. */
export async function sumMetrics(
  logDb: D1Database,
  tenantId: TenantId,
  query: MetricsQuery,
): Promise<Group[]> {
  const { by, interval, from, to } = query
  const isEndpoint = by === 'endpoint' || query.endpointId !== undefined
  const days = interval === 'hour' ? 0 : await daysUntil(logDb, tenantId)
  const step = STEPS[interval]
  const { results } = await logDb
    .prepare(
      `SELECT ${KEYS[by]} AS key, ${step === 0 ? 'min(at)' : `at - at % ${step}`} AS at, ${SUMS}
       FROM metrics
       WHERE tenant_id = ?1 AND grain IN ('day', 'hour')
         AND ${isEndpoint ? "endpoint_id > ''" : "endpoint_id = ''"} AND (?5 IS NULL OR endpoint_id = ?5)
         AND at >= ?2 AND at < ?3 AND (grain = 'day') = (at < ?4 AND at - at % ${DAY_MS} >= ?2 AND at - at % ${DAY_MS} + ${DAY_MS} <= ?3)
         AND (?6 IS NULL OR source_id = ?6) AND (?7 IS NULL OR type = ?7)
       GROUP BY ${step === 0 ? '1' : '1, 2'} ORDER BY at, key LIMIT ${GROUPS_MAX}`,
    )
    .bind(tenantId, from, to, days, query.endpointId ?? null, query.sourceId ?? null, query.type ?? null)
    .all<Row>()
  return results.map((row) => ({ key: row.key, at: row.at, counts: countsOf(row) }))
}

/** What an endpoint or source did in an hour. */
export interface HourRow {
  key: string
  at: number
  received: number
  rejected: number
  attempts: number
  delivered: number
  failed: number
  failing: number
  lastAt: number | null
  lastDeliveredAt: number | null
  lastFailedAt: number | null
  lastRejectedAt: number | null
}

const HOURLY = `at, received, rejected, attempts, delivered, failed, failing, last_at AS lastAt,
  last_delivered_at AS lastDeliveredAt, last_failed_at AS lastFailedAt, last_rejected_at AS lastRejectedAt`

/** The hours of these endpoints since `from` (ms), newest first. */
export async function endpointHours(
  logDb: D1Database,
  { tenantId, ids, from }: { tenantId: TenantId; ids: readonly EndpointId[]; from: number },
): Promise<HourRow[]> {
  const { results } = await logDb
    .prepare(
      `SELECT endpoint_id AS key, ${HOURLY} FROM json_each(?3) CROSS JOIN metrics
       WHERE tenant_id = ?1 AND grain = 'hour' AND endpoint_id = value AND at >= ?2 ORDER BY at DESC`,
    )
    .bind(tenantId, from - HOUR_MS, JSON.stringify(ids))
    .all<HourRow>()
  return results
}

/** The hours of every source since `from` (ms), newest first, a row for each type and country. */
export async function sourceHours(
  logDb: D1Database,
  { tenantId, sourceId, from }: { tenantId: TenantId; sourceId?: string; from: number },
): Promise<HourRow[]> {
  const { results } = await logDb
    .prepare(
      `SELECT source_id AS key, ${HOURLY} FROM metrics WHERE tenant_id = ?1 AND grain = 'hour' AND endpoint_id = ''
         AND at >= ?2 AND (?3 IS NULL OR source_id = ?3) ORDER BY at DESC`,
    )
    .bind(tenantId, from - HOUR_MS, sourceId ?? null)
    .all<HourRow>()
  return results
}

/** Requests to the source that were refused after `since` (ms), as far as they were kept, 100 at most. */
export async function rejectionsSince(
  logDb: D1Database,
  { tenantId, sourceId, fromId }: { tenantId: TenantId; sourceId: string; fromId: string },
): Promise<number> {
  const statement = logDb.prepare(
    `SELECT count(*) AS rejected FROM (SELECT 1 FROM
       (SELECT source_id FROM rejections WHERE tenant_id = ?1 AND id >= ?2 ORDER BY id DESC LIMIT 1000)
     WHERE source_id = ?3 LIMIT 100)`,
  )
  return (await statement.bind(tenantId, fromId, sourceId).first<number>('rejected')) ?? 0
}

/** Requests to the source that were refused in the hour of `at` (ms). */
export async function rejectedIn(
  logDb: D1Database,
  { tenantId, sourceId, at }: { tenantId: TenantId; sourceId: string; at: number },
): Promise<number> {
  const statement = logDb.prepare(
    `SELECT sum(rejected) AS rejected FROM metrics
     WHERE tenant_id = ?1 AND grain = 'hour' AND endpoint_id = '' AND at = ?2 AND source_id = ?3`,
  )
  return (await statement.bind(tenantId, hourOf(at), sourceId).first<number>('rejected')) ?? 0
}

/** Events received since `from` (ms), to the hour. */
export async function receivedSince(logDb: D1Database, tenantId: TenantId, from: number): Promise<number> {
  const statement = logDb.prepare(
    `SELECT sum(received) AS received FROM metrics
     WHERE tenant_id = ?1 AND grain = 'hour' AND endpoint_id = '' AND at >= ?2`,
  )
  return (await statement.bind(tenantId, from).first<number>('received')) ?? 0
}

interface Row extends Omit<Counts, 'latency'> {
  key: string
  at: number
  [bucket: `l${number}`]: number
}

const SUMS = COUNTERS.map((name) => `sum(${name}) AS ${name === 'duration_ms' ? 'durationMs' : name}`).join(
  ', ',
)

function countsOf(row: Row): Counts {
  const { received, rejected, deliveries, attempts, delivered, failed, retried, dead, durationMs } = row
  const latency = Array.from({ length: 10 }, (_, i) => row[`l${i}`] ?? 0)
  return { received, rejected, deliveries, attempts, delivered, failed, retried, dead, durationMs, latency }
}

/** Up to where there are days, in milliseconds. One row read. */
async function daysUntil(logDb: D1Database, tenantId: TenantId): Promise<number> {
  const statement = logDb.prepare(
    "SELECT max(at) AS last FROM metrics WHERE tenant_id = ?1 AND grain = 'day' AND endpoint_id = ''",
  )
  const last = await statement.bind(tenantId).first<number | null>('last')
  return last === null ? 0 : last + DAY_MS
}
