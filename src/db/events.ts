import type { EventRow } from '../model/delivery-log.ts'
import { firstIdAt, type EventId, type TenantId } from '../model/id.ts'
import type { Page } from './config-rows.ts'
import { scanPage, type Scanned } from './scan.ts'

const COLUMNS = `id, tenant_id AS tenantId, source_id AS sourceId, type, received_at AS receivedAt,
  occurred_at AS occurredAt, provider_event_id AS providerEventId, entity_type AS entityType, entity_id AS entityId,
  content_type AS contentType, body_bytes AS bodyBytes, body_key AS bodyKey, intake, segment, idx`

type Row = Omit<EventRow, 'pointer'> & { intake: string; segment: number; idx: number }

/** What an event list can be narrowed to. Times in milliseconds of receipt, `to` exclusive. */
export interface EventFilter {
  sourceId?: string | undefined
  type?: string | undefined
  from?: number | undefined
  to?: number | undefined
}

export async function listEvents(
  logDb: D1Database,
  { tenantId, filter, page }: { tenantId: TenantId; filter: EventFilter; page: Page },
): Promise<Scanned<EventRow>> {
  const { rows, next } = await scanPage<Row>(logDb, {
    table: 'events',
    columns: COLUMNS,
    tenantId,
    filters: { sourceId: filter.sourceId, type: filter.type },
    ...idRange('evt', filter, page),
    limit: page.limit,
  })
  return { rows: rows.map(eventOf), next }
}

export async function getEvent(
  logDb: D1Database,
  tenantId: TenantId,
  id: EventId,
): Promise<EventRow | undefined> {
  const row = await logDb
    .prepare(`SELECT ${COLUMNS} FROM events WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<Row>()
  return row ? eventOf(row) : undefined
}

/** Times as a range of time-ordered ids, the upper end no later than where the page goes on. */
export function idRange(
  prefix: 'evt' | 'dlv',
  { from, to }: { from?: number | undefined; to?: number | undefined },
  { after }: Page,
): { from: string | undefined; before: string | undefined } {
  const end = to === undefined ? undefined : firstIdAt(prefix, to)
  return {
    from: from === undefined ? undefined : firstIdAt(prefix, from),
    before: after !== undefined && (end === undefined || after < end) ? after : end,
  }
}

function eventOf({ intake, segment, idx, ...row }: Row): EventRow {
  return { ...row, pointer: { intake, segment, index: idx } }
}
