import type { EventRow } from '../model/delivery-log.ts'
import { ERASED, type Erasure, type ErasureId } from '../model/erasure.ts'
import type { BatchId, EndpointId, TenantId } from '../model/id.ts'
import type { Page } from './config-rows.ts'
import { rangeOfEvent } from './deliveries.ts'

const COLUMNS = 'tenant_id AS tenantId, id, state, report, subject, leased_until AS leasedUntil'
const IS_OPEN = `state <> 'done'`

type Row = Omit<Erasure, 'report'> & { report: string }

export async function insertErasure(logDb: D1Database, erasure: Erasure): Promise<void> {
  const { tenantId, id, state, report, subject, leasedUntil } = erasure
  await logDb
    .prepare(
      'INSERT INTO erasures (tenant_id, id, state, report, subject, leased_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)',
    )
    .bind(tenantId, id, state, JSON.stringify(report), subject, leasedUntil)
    .run()
}

export async function getErasure(
  logDb: D1Database,
  tenantId: TenantId,
  id: ErasureId,
): Promise<Erasure | undefined> {
  const row = await logDb
    .prepare(`SELECT ${COLUMNS} FROM erasures WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<Row>()
  return row ? erasureOf(row) : undefined
}

/** Newest first. */
export async function listErasures(
  logDb: D1Database,
  tenantId: TenantId,
  { after, limit }: Page,
): Promise<Erasure[]> {
  const { results } = await logDb
    .prepare(`SELECT ${COLUMNS} FROM erasures WHERE tenant_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3`)
    .bind(tenantId, after ?? '~', limit)
    .all<Row>()
  return results.map(erasureOf)
}

/** Erasures of all tenants that may take a step now, the oldest first. */
export async function dueErasures(
  logDb: D1Database,
  { now, limit }: { now: number; limit: number },
): Promise<ErasureId[]> {
  const { results } = await logDb
    .prepare(`SELECT id FROM erasures WHERE ${IS_OPEN} AND leased_until <= ?1 ORDER BY id LIMIT ?2`)
    .bind(now, limit)
    .all<{ id: ErasureId }>()
  return results.map(({ id }) => id)
}

/** Takes the right to the next step until `until`. Undefined: it is done, or another has the right. */
export async function claimErasure(
  logDb: D1Database,
  id: ErasureId,
  { now, until }: { now: number; until: number },
): Promise<Erasure | undefined> {
  const row = await logDb
    .prepare(
      `UPDATE erasures SET leased_until = ?2 WHERE id = ?1 AND ${IS_OPEN} AND leased_until <= ?3 RETURNING ${COLUMNS}`,
    )
    .bind(id, until, now)
    .first<Row>()
  return row ? erasureOf(row) : undefined
}

/** What a step changes in the log: all of it, with its progress, or nothing. */
export interface Cleared {
  events: readonly Pick<EventRow, 'id'>[]
  rejectionIds: readonly string[]
}

export async function saveStep(
  logDb: D1Database,
  { id, tenantId, state, report, subject, leasedUntil }: Erasure,
  { events, rejectionIds }: Cleared,
): Promise<void> {
  const ids = events.map((event) => event.id)
  await logDb.batch([
    ...(ids.length === 0 ? [] : [logDb.prepare(EVENTS_SQL).bind(tenantId, JSON.stringify(ids), id)]),
    ...events.map((event) => logDb.prepare(BATCHES_SQL).bind(tenantId, ...rangeOfEvent(event.id), event.id)),
    ...events.map((event) =>
      logDb.prepare(DELIVERIES_SQL).bind(tenantId, ...rangeOfEvent(event.id), event.id),
    ),
    ...(rejectionIds.length === 0
      ? []
      : [logDb.prepare(REJECTIONS_SQL).bind(tenantId, JSON.stringify(rejectionIds))]),
    logDb
      .prepare(
        `UPDATE erasures SET state = ?3, report = ?4, subject = ?5, leased_until = ?6 WHERE tenant_id = ?1 AND id = ?2`,
      )
      .bind(tenantId, id, state, JSON.stringify(report), subject, leasedUntil),
  ])
}

const EVENTS_SQL = `
  UPDATE events SET occurred_at = NULL, provider_event_id = NULL, entity_type = NULL, entity_id = NULL,
    ordering_key = NULL, body_key = NULL, country = NULL, erasure_id = ?3
  WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))`

/** As `eraseAttempt` clears one. */
const ERASED_ATTEMPT = `json_remove(json_set(value, '$.url', '', '$.requestHeaders', json('[]')),
  '$.responseHeaders', '$.responseBody', '$.responseTruncated', '$.error')`

/** What was sent and answered in batches of which the event was one: it stands with the first of each. */
const BATCHES_SQL = `
  WITH sent AS (
    SELECT attempt.value ->> '$.batch.id' AS batch_id, attempt.value ->> '$.batch.deliveryId' AS delivery_id
    FROM deliveries, json_each(attempt_log) AS attempt
    WHERE tenant_id = ?1 AND deliveries.id >= ?2 AND deliveries.id < ?3 AND event_id = ?4
      AND attempt.value ->> '$.batch.id' IS NOT NULL)
  UPDATE deliveries SET attempt_log = (
    SELECT json_group_object(key, json(iif(
      value ->> '$.batch.id' IN (SELECT batch_id FROM sent), ${ERASED_ATTEMPT}, value)))
    FROM json_each(attempt_log))
  WHERE tenant_id = ?1 AND id IN (SELECT delivery_id FROM sent) AND error IS NOT '${ERASED}'`

/** As `eraseDeliveryRow` clears a row. */
const DELIVERIES_SQL = `
  UPDATE deliveries SET error = '${ERASED}', attempt_log = (
    SELECT json_group_object(key, ${ERASED_ATTEMPT}) FROM json_each(attempt_log))
  WHERE tenant_id = ?1 AND id >= ?2 AND id < ?3 AND event_id = ?4 AND error IS NOT '${ERASED}'`

const REJECTIONS_SQL = `
  UPDATE rejections SET headers = '[]', body_sample = '', detail = '', ip = NULL
  WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))`

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
        .prepare(
          `SELECT DISTINCT attempt.value ->> '$.batch.id' AS id FROM deliveries, json_each(attempt_log) AS attempt
           WHERE tenant_id = ?1 AND deliveries.id >= ?2 AND deliveries.id < ?3 AND event_id = ?4
             AND attempt.value ->> '$.batch.id' IS NOT NULL`,
        )
        .bind(tenantId, ...rangeOfEvent(event.id), event.id),
    ),
  )
  const found = await logDb.batch<{ endpointId: EndpointId; open: number }>(
    events.map((event) =>
      logDb
        .prepare(
          `SELECT endpoint_id AS endpointId, sum(error IS NOT '${ERASED}') AS open FROM deliveries
           WHERE tenant_id = ?1 AND id >= ?2 AND id < ?3 AND event_id = ?4 GROUP BY endpoint_id`,
        )
        .bind(tenantId, ...rangeOfEvent(event.id), event.id),
    ),
  )
  const rows = found.flatMap(({ results }) => results)
  return {
    count: rows.reduce((sum, { open }) => sum + open, 0),
    endpointIds: [...new Set(rows.map(({ endpointId }) => endpointId))],
    batchIds: [...new Set(batches.flatMap(({ results }) => results.map(({ id }) => id)))],
  }
}

function erasureOf({ report, ...row }: Row): Erasure {
  return { ...row, report: JSON.parse(report) as Erasure['report'] }
}
