import type { DeliveryRow, EventRow, RejectionRow } from '../model/delivery-log.ts'
import { timeOfId } from '../model/id.ts'
import { hourOf, latencyBucket } from '../model/metrics.ts'

/** A sender chooses its types: longer names would only fill the key. */
const TYPE_CHARS_MAX = 100
const BUCKETS = ['l0', 'l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8', 'l9']
export const COUNTERS = [
  'received',
  'rejected',
  'deliveries',
  'attempts',
  'delivered',
  'failed',
  'retried',
  'dead',
  'duration_ms',
  ...BUCKETS,
]
const LATEST = ['last_at', 'last_delivered_at', 'last_failed_at', 'last_rejected_at']
export const KEY = 'tenant_id, grain, endpoint_id, at, source_id, type, country'

/** Adds to the row that there may be. The times are the widest of both. */
const ADD = `ON CONFLICT DO UPDATE SET
  ${COUNTERS.map((name) => `${name} = metrics.${name} + excluded.${name}`).join(', ')},
  failing = iif(excluded.delivered > 0, 0, metrics.failing) + excluded.failing,
  first_at = min(coalesce(metrics.first_at, excluded.first_at), coalesce(excluded.first_at, metrics.first_at)),
  ${LATEST.map((name) => `${name} = max(coalesce(metrics.${name}, excluded.${name}), coalesce(excluded.${name}, metrics.${name}))`).join(',\n  ')}`

const FAILED = `n > 0 AND NOT ok`
/** In the order of `COUNTERS`, then `failing` and the times. What is counted by receipt has the time of receipt. */
const SUMS = `sum(n = -2), sum(iif(n = -3, ok, 0)), sum(n = 0), sum(n > 0), sum(iif(n > 0, ok, 0)), sum(${FAILED}),
  sum(n > 1), sum(n = -1), sum(ms), ${BUCKETS.map((_, i) => `sum(l = ${i})`).join(', ')},
  sum(at > coalesce(ok_at, 0) AND ${FAILED}),
  min(iif(n IN (0, -2), at, NULL)), max(iif(n IN (0, -2), at, NULL)), max(iif(n > 0 AND ok, at, NULL)),
  max(iif(${FAILED}, at, NULL)), max(iif(n = -3, at, NULL))`

/**
 * Counts the facts of a batch that are new, so it belongs before the batch is written: what is there already was
 * counted with its first writing. `n` says what a fact is: the attempt of that number, 0 that there is a delivery,
 * -1 that it died, -2 that an event was received, -3 that as many requests as `ok` says were refused.
 */
export const METRICS_SQL = `
  WITH given AS MATERIALIZED (SELECT value FROM json_each(?1)),
  named AS MATERIALIZED (
    SELECT value ->> 't' AS tenant, value ->> 'e' AS endpoint, value ->> 's' AS source, value ->> 'y' AS type,
      value ->> 'c' AS country, value ->> 'h' AS hour, value ->> 'n' AS n, value ->> 'at' AS at, value ->> 'ok' AS ok,
      value ->> 'ms' AS ms, value ->> 'l' AS l, value ->> 'd' AS delivery, value ->> 'ev' AS event,
      value ->> 'rj' AS rejection, value ->> 'v' AS version
    FROM given
  ),
  fact AS MATERIALIZED (
    SELECT f.tenant, f.endpoint, f.source, f.type, coalesce(f.country, e.country, first.country, '') AS country, f.hour,
      f.n, f.at, f.ok, f.ms, f.l,
      max(iif(f.n > 0 AND f.ok, f.at, NULL)) OVER (PARTITION BY f.tenant, f.endpoint, f.hour) AS ok_at
    FROM named f
      LEFT JOIN deliveries d ON d.tenant_id = f.tenant AND d.id = f.delivery
      LEFT JOIN events e ON e.tenant_id = f.tenant AND e.id = f.event
      LEFT JOIN first_deliveries first ON first.tenant_id = f.tenant AND first.id = f.event
      LEFT JOIN first_deliveries own ON own.tenant_id = f.tenant AND own.id = f.event
        AND own.delivery_id = f.delivery
      LEFT JOIN rejections r ON r.tenant_id = f.tenant AND r.id = f.rejection
    WHERE CASE f.n
      WHEN 0 THEN d.id IS NULL AND own.id IS NULL
      WHEN -1 THEN coalesce(d.status, own.status) IS NOT 'dead' AND coalesce(d.version, own.version, -1) < f.version
      WHEN -2 THEN e.id IS NULL AND first.id IS NULL
      WHEN -3 THEN r.id IS NULL
      ELSE coalesce(d.attempt_log, own.attempt_log) -> ('$."' || f.n || '"') IS NULL END
  )
  INSERT INTO metrics (${KEY}, ${COUNTERS.join(', ')}, failing, first_at, ${LATEST.join(', ')})
  SELECT tenant, 'hour', endpoint, hour, '', '', '', ${SUMS} FROM fact
    WHERE endpoint IS NOT NULL GROUP BY tenant, endpoint, hour
  UNION ALL
  SELECT tenant, 'hour', '', hour, source, type, country, ${SUMS} FROM fact GROUP BY tenant, hour, source, type, country
  ${ADD}`

/** The facts of a batch as JSON, short, since they travel beside the rows themselves. */
export function* factsOf({
  events,
  deliveries,
  rejections,
}: {
  events: ReadonlyMap<string, EventRow>
  deliveries: ReadonlyMap<string, DeliveryRow>
  rejections: ReadonlyMap<string, RejectionRow>
}): Iterable<string> {
  for (const { tenantId: t, id, sourceId, type, country, receivedAt } of events.values()) {
    const subject = { t, ev: id, s: sourceId ?? '', y: shortType(type), c: country ?? '' }
    yield fact({ ...subject, n: -2, at: receivedAt })
  }
  for (const { tenantId: t, id, sourceId, country, at, count = 1 } of rejections.values()) {
    yield fact({ t, rj: id, s: sourceId, y: '', c: country ?? '', n: -3, at, ok: count })
  }
  for (const row of deliveries.values()) {
    const event = events.get(`${row.tenantId}/${row.eventId}`)
    yield* deliveryFacts(row, event && (event.country ?? ''))
  }
}

function* deliveryFacts(row: DeliveryRow, country: string | undefined): Iterable<string> {
  const receivedAt = timeOfId(row.id)
  const subject = {
    t: row.tenantId,
    d: row.id,
    e: row.endpointId,
    s: row.sourceId ?? '',
    y: shortType(row.eventType),
    ev: row.eventId,
    c: country,
    v: row.version,
  }
  yield fact({ ...subject, n: 0, at: receivedAt })
  for (const [number, { at, durationMs, result }] of Object.entries(row.attemptLog)) {
    const ms = Math.round(durationMs)
    const ok = Number(result === 'delivered')
    yield fact({ ...subject, n: Number(number), at, ok, ms, l: latencyBucket(ms) })
  }
  if (row.status === 'dead') yield fact({ ...subject, n: -1, at: row.lastAttemptAt ?? receivedAt })
}

interface Fact {
  n: number
  at: number
  ok?: number
  ms?: number
  l?: number
  [subject: string]: unknown
}

function fact(given: Fact): string {
  return JSON.stringify({ ok: 0, ms: 0, l: -1, ...given, h: hourOf(given.at) })
}

function shortType(type: string): string {
  return type.slice(0, TYPE_CHARS_MAX)
}
