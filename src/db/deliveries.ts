import { z } from 'zod'
import type { AttemptRecord, DeliveryRow, DeliveryStatus } from '../model/delivery-log.ts'
import { timeOfId, type DeliveryId, type EventId, type TenantId } from '../model/id.ts'
import type { Page } from './config-rows.ts'
import { idRange } from './events.ts'
import { scanPage, type Scanned } from './scan.ts'

const COLUMNS = `id, tenant_id AS tenantId, event_id AS eventId, event_type AS eventType, source_id AS sourceId,
  endpoint_id AS endpointId, subscription_id AS subscriptionId, status, attempts, status_code AS statusCode, error,
  duration_ms AS durationMs, last_attempt_at AS lastAttemptAt, next_attempt_at AS nextAttemptAt, version`

/** A delivery as lists show it: all but its attempts. */
export type DeliverySummary = Omit<DeliveryRow, 'attemptLog'>

/** What a delivery list can be narrowed to. Times in milliseconds of the event's receipt, `to` exclusive. */
export interface DeliveryFilter {
  endpointId?: string | undefined
  eventId?: EventId | undefined
  eventType?: string | undefined
  status?: DeliveryStatus | undefined
  from?: number | undefined
  to?: number | undefined
}

export async function listDeliveries(
  logDb: D1Database,
  { tenantId, filter, page }: { tenantId: TenantId; filter: DeliveryFilter; page: Page },
): Promise<Scanned<DeliverySummary>> {
  const { endpointId, eventId, eventType, status } = filter
  return scanPage<DeliverySummary>(logDb, {
    table: 'deliveries',
    columns: COLUMNS,
    tenantId,
    filters: { endpointId, eventId, eventType, status },
    ...idRange('dlv', eventId === undefined ? filter : withinTimeOf(eventId, filter), page),
    limit: page.limit,
  })
}

export async function getDelivery(
  logDb: D1Database,
  tenantId: TenantId,
  id: DeliveryId,
): Promise<DeliveryRow | undefined> {
  const row = await logDb
    .prepare(`SELECT ${COLUMNS}, attempt_log AS attemptLog FROM deliveries WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<DeliverySummary & { attemptLog: string }>()
  return row ? { ...row, attemptLog: attemptLogOf(row.attemptLog) } : undefined
}

/** A delivery's id starts with its event's millisecond, so an event's deliveries lie close together. */
function withinTimeOf(eventId: EventId, { from, to }: DeliveryFilter): { from: number; to: number } {
  const time = timeOfId(eventId)
  return { from: Math.max(time, from ?? 0), to: Math.min(time + 1, to ?? Infinity) }
}

const attemptLogSchema = z.record(
  z.string(),
  z.custom<AttemptRecord>((value) => typeof value === 'object'),
)

function attemptLogOf(json: string): Record<string, AttemptRecord> {
  return attemptLogSchema.parse(JSON.parse(json))
}
