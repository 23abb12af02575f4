import type { EventRow } from '../model/delivery-log.ts'
import { ERASED } from '../model/erasure.ts'
import type { BatchId, EndpointId, EventId, TenantId } from '../model/id.ts'
import { rangeOfEvent } from './deliveries.ts'
import { DELIVERIES } from './log-rows.ts'

/** What a step of an erasure changes in the log. */
export interface Cleared {
  events: readonly Pick<EventRow, 'id'>[]
  rejectionIds: readonly string[]
}

/** To be run in the transaction that keeps the progress. */
export function clear(
  logDb: D1Database,
  { id, tenantId }: { id: string; tenantId: TenantId },
  { events, rejectionIds }: Cleared,
): D1PreparedStatement[] {
  const ids = JSON.stringify(events.map((event) => event.id))
  const rejected = JSON.stringify(rejectionIds)
  const ofEach = (sql: string) => events.map((event) => logDb.prepare(sql).bind(...keyOf(tenantId, event.id)))
  return [
    ...(events.length === 0 ? [] : [logDb.prepare(EVENTS_SQL).bind(tenantId, ids, id)]),
    // Before what names the batches is cleared.
    ...ofEach(BATCHES_SQL),
    ...ofEach(FIRST_BATCHES_SQL),
    ...(events.length === 0 ? [] : [logDb.prepare(FIRST_SQL).bind(tenantId, ids, id)]),
    ...ofEach(DELIVERIES_SQL),
    ...(rejectionIds.length === 0 ? [] : [logDb.prepare(REJECTIONS_SQL).bind(tenantId, rejected)]),
  ]
}

/** How many deliveries of the events are to be cleared, at which endpoints, and the batches in which they went. */
export async function deliveriesToClear(
  logDb: D1Database,
  tenantId: TenantId,
  events: readonly Pick<EventRow, 'id'>[],
): Promise<{ count: number; endpointIds: EndpointId[]; batchIds: BatchId[] }> {
  if (events.length === 0) return { count: 0, endpointIds: [], batchIds: [] }
  const batches = await logDb.batch<{ id: BatchId }>(
    events.map((event) =>
      logDb
        .prepare(`SELECT DISTINCT attempt.value ->> '$.batch.id' AS id FROM ${BATCHED}`)
        .bind(...keyOf(tenantId, event.id)),
    ),
  )
  const found = await logDb.batch<{ endpointId: EndpointId; open: number }>(
    events.map((event) =>
      logDb
        .prepare(
          `SELECT endpoint_id AS endpointId, sum(error IS NOT '${ERASED}') AS open FROM ${DELIVERIES} AS log
           WHERE ${IS_OF_EVENT} GROUP BY endpoint_id`,
        )
        .bind(...keyOf(tenantId, event.id)),
    ),
  )
  const rows = found.flatMap(({ results }) => results)
  return {
    count: rows.reduce((sum, { open }) => sum + open, 0),
    endpointIds: [...new Set(rows.map(({ endpointId }) => endpointId))],
    batchIds: [...new Set(batches.flatMap(({ results }) => results.map(({ id }) => id)))],
  }
}

/** For `IS_OF_EVENT`. */
function keyOf(tenantId: TenantId, eventId: EventId): string[] {
  return [tenantId, ...rangeOfEvent(eventId), eventId]
}

const IS_OF_EVENT = 'tenant_id = ?1 AND log.id >= ?2 AND log.id < ?3 AND event_id = ?4'

/** Attempts of an event that were one of several in a request. */
const BATCHED = `${DELIVERIES} AS log, json_each(attempt_log) AS attempt
  WHERE ${IS_OF_EVENT} AND attempt.value ->> '$.batch.id' IS NOT NULL`

const NO_FACTS = `occurred_at = NULL, provider_event_id = NULL, entity_type = NULL, entity_id = NULL,
  ordering_key = NULL, body_key = NULL, country = NULL, erasure_id = ?3`

/** As `eraseAttempt` clears one. */
const ERASED_ATTEMPT = `json_remove(json_set(value, '$.url', '', '$.requestHeaders', json('[]')),
  '$.responseHeaders', '$.responseBody', '$.responseTruncated', '$.error')`
const ERASED_LOG = `(SELECT json_group_object(key, ${ERASED_ATTEMPT}) FROM json_each(attempt_log))`

const EVENTS_SQL = `
  UPDATE events SET ${NO_FACTS} WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))`

/** Events and their first deliveries, which are one row, in one. */
const FIRST_SQL = `
  UPDATE first_deliveries SET ${NO_FACTS}, error = '${ERASED}',
    attempt_log = iif(error IS '${ERASED}', attempt_log, ${ERASED_LOG})
  WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))`

/** As `eraseDeliveryRow` clears a row. */
const DELIVERIES_SQL = `
  UPDATE deliveries AS log SET error = '${ERASED}', attempt_log = ${ERASED_LOG}
  WHERE ${IS_OF_EVENT} AND error IS NOT '${ERASED}'`

/** What was sent and answered in batches of which the event was one: it stands with the first of each. */
const SENT = `sent AS (
  SELECT attempt.value ->> '$.batch.id' AS batch_id, attempt.value ->> '$.batch.deliveryId' AS delivery_id
  FROM ${BATCHED})`
const WITHOUT_BATCHES = `attempt_log = (
  SELECT json_group_object(key, json(iif(
    value ->> '$.batch.id' IN (SELECT batch_id FROM sent), ${ERASED_ATTEMPT}, value)))
  FROM json_each(attempt_log))`

const BATCHES_SQL = `
  WITH ${SENT} UPDATE deliveries SET ${WITHOUT_BATCHES}
  WHERE tenant_id = ?1 AND id IN (SELECT delivery_id FROM sent) AND error IS NOT '${ERASED}'`

/** Rows with their event are found by it, which is of the millisecond of its delivery. */
const FIRST_BATCHES_SQL = `
  WITH ${SENT}, first_sent AS (
    SELECT first.id FROM (SELECT DISTINCT delivery_id, 'evt_' || substr(delivery_id, 5, 10) AS start FROM sent) AS one
      CROSS JOIN first_deliveries AS first ON first.tenant_id = ?1 AND first.id >= start
        AND first.id < start || '~' AND first.delivery_id = one.delivery_id)
  UPDATE first_deliveries SET ${WITHOUT_BATCHES}
  WHERE tenant_id = ?1 AND id IN (SELECT id FROM first_sent) AND error IS NOT '${ERASED}'`

const REJECTIONS_SQL = `
  UPDATE rejections SET headers = '[]', body_sample = '', detail = '', ip = NULL
  WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))`
