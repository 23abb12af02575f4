import type { EventRow } from '../model/delivery-log.ts'
import type { EventId, TenantId } from '../model/id.ts'
import type { Page } from './config-rows.ts'
import { EVENTS } from './log-rows.ts'
import type { Scanned } from './merge.ts'
import { scanPage, type ScanSource } from './scan.ts'

const COLUMNS = `id, tenant_id AS tenantId, source_id AS sourceId, type, received_at AS receivedAt,
  occurred_at AS occurredAt, provider_event_id AS providerEventId, entity_type AS entityType, entity_id AS entityId,
  content_type AS contentType, body_bytes AS bodyBytes, body_key AS bodyKey, country,
  ordering_key AS orderingKey, erasure_id AS erasureId, intake, segment, idx`

const SOURCES: ScanSource[] = [
  { table: 'events', prefix: 'evt', columns: COLUMNS },
  { table: 'first_deliveries', prefix: 'evt', columns: COLUMNS },
]

type Row = Omit<EventRow, 'pointer'> & { intake: string; segment: number; idx: number }

/** What an event list can be narrowed to. Times in milliseconds of receipt, `to` exclusive. */
export interface EventFilter {
  sourceId?: string | undefined
  type?: string | undefined
  entityType?: string | undefined
  entityId?: string | undefined
  providerEventId?: string | undefined
  orderingKey?: string | undefined
  /** By which it was erased. */
  erasureId?: string | undefined
  country?: string | undefined
  from?: number | undefined
  to?: number | undefined
}

export async function listEvents(
  logDb: D1Database,
  { tenantId, filter, page }: { tenantId: TenantId; filter: EventFilter; page: Page },
): Promise<Scanned<EventRow>> {
  const { sourceId, type, from, to } = filter
  const { rows, next } = await scanPage<Row>(logDb, {
    prefix: 'evt',
    sources: SOURCES,
    tenantId,
    conditions: [
      { sql: 'sourceId = ?', value: sourceId },
      { sql: 'type = ?', value: type },
      { sql: 'entityType = ?', value: filter.entityType },
      { sql: 'entityId = ?', value: filter.entityId },
      { sql: 'providerEventId = ?', value: filter.providerEventId },
      { sql: 'orderingKey = ?', value: filter.orderingKey },
      { sql: 'erasureId = ?', value: filter.erasureId },
      { sql: 'country = ?', value: filter.country },
    ],
    selection: { sourceId, type },
    from,
    to,
    ...page,
  })
  return { rows: rows.map(eventOf), next }
}

export async function getEvent(
  logDb: D1Database,
  tenantId: TenantId,
  id: EventId,
): Promise<EventRow | undefined> {
  const row = await logDb
    .prepare(`SELECT ${COLUMNS} FROM ${EVENTS} WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<Row>()
  return row ? eventOf(row) : undefined
}

function eventOf({ intake, segment, idx, ...row }: Row): EventRow {
  return { ...row, pointer: { intake, segment, index: idx } }
}
