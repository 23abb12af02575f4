import { firstIdAt, type TenantId } from '../model/id.ts'
import { DAY_MS } from '../model/metrics.ts'
import { COUNTERS, KEY } from './metrics-writer.ts'

/** A day is summed when nothing more is expected of it: logs that D1 refused come again for a day. */
const SETTLED_DAYS = 3
/** Days are small, and last year's are what this year's are compared with. */
const DAYS_KEPT = 400
const TIMES = ['last_at', 'last_delivered_at', 'last_failed_at', 'last_rejected_at']

/**
 * Sums the tenant's oldest day of hours that has not been, and removes what is past its time: hours with the logs
 * that they help to find (`before`, ms), days and the audit log after more than a year. Answers whether there was such a day.
 */
export async function rollUpDay(
  logDb: D1Database,
  { tenantId, before, now }: { tenantId: TenantId; before: number; now: number },
): Promise<boolean> {
  const hour = await logDb
    .prepare(
      `SELECT min(at) AS first FROM metrics WHERE tenant_id = ?1 AND grain = 'hour' AND endpoint_id = '' AND at >=
         (SELECT coalesce(max(at), -${DAY_MS}) + ${DAY_MS} FROM metrics
          WHERE tenant_id = ?1 AND grain = 'day' AND endpoint_id = '')`,
    )
    .bind(tenantId)
    .first<number | null>('first')
  if (hour === null) return false
  const day = hour - (hour % DAY_MS)
  if (day + (1 + SETTLED_DAYS) * DAY_MS > now) return false
  await logDb.batch([
    logDb
      .prepare(
        `INSERT INTO metrics (${KEY}, ${COUNTERS.join(', ')}, first_at, ${TIMES.join(', ')})
         SELECT tenant_id, 'day', endpoint_id, ?2, source_id, type, country,
           ${COUNTERS.map((name) => `sum(${name})`).join(', ')}, min(first_at),
           ${TIMES.map((name) => `max(${name})`).join(', ')}
         FROM metrics WHERE tenant_id = ?1 AND grain = 'hour' AND at >= ?2 AND at < ?2 + ${DAY_MS}
         GROUP BY endpoint_id, source_id, type, country
         ON CONFLICT DO NOTHING`,
      )
      .bind(tenantId, day),
    logDb
      .prepare(
        `DELETE FROM metrics WHERE tenant_id = ?1
           AND ((grain = 'hour' AND at < ?2) OR (grain = 'day' AND at < ?3))`,
      )
      .bind(tenantId, Math.min(before, day) - DAY_MS, now - DAYS_KEPT * DAY_MS),
    logDb
      .prepare('DELETE FROM audit WHERE tenant_id = ?1 AND id < ?2')
      .bind(tenantId, firstIdAt('aud', now - DAYS_KEPT * DAY_MS)),
  ])
  return true
}
