import { z } from 'zod'
import type { AttemptRecord, DeliveryRow, DeliveryStatus } from '../model/delivery-log.ts'
import { firstIdAt, timeOfId, type DeliveryId, type EventId, type TenantId } from '../model/id.ts'
import type { Page } from './config-rows.ts'
import { DELIVERIES } from './log-rows.ts'
import type { Scanned } from './merge.ts'
import { scanPage, type Scan, type ScanSource } from './scan.ts'

const OUTCOME = `tenant_id AS tenantId, source_id AS sourceId,
  endpoint_id AS endpointId, subscription_id AS subscriptionId, status, attempts, status_code AS statusCode, error,
  duration_ms AS durationMs, last_attempt_at AS lastAttemptAt, next_attempt_at AS nextAttemptAt, version`
const COLUMNS = `id, event_id AS eventId, event_type AS eventType, ${OUTCOME}`
/** Those with their event are kept by its id. */
const SOURCES: ScanSource[] = [
  {
    table: 'first_deliveries',
    prefix: 'evt',
    columns: `delivery_id AS id, t.id AS eventId, type AS eventType, ${OUTCOME}`,
  },
  { table: 'deliveries', prefix: 'dlv', columns: COLUMNS },
]

/** A delivery as lists show it: all but its attempts. */
export type DeliverySummary = Omit<DeliveryRow, 'attemptLog'>

/** What a delivery list can be narrowed to. Times in milliseconds of the event's receipt, `to` exclusive. */
export interface DeliveryFilter {
  endpointId?: string | undefined
  eventId?: EventId | undefined
  eventType?: string | undefined
  sourceId?: string | undefined
  subscriptionId?: string | undefined
  status?: DeliveryStatus | undefined
  /** The last answer's status, from and to, both inclusive. */
  statusCode?: { from: number; to: number } | undefined
  /** Anywhere in the attempts: an error, a header, what the receiver said. */
  text?: string | undefined
  from?: number | undefined
  to?: number | undefined
}

export async function listDeliveries(
  logDb: D1Database,
  { tenantId, filter, page }: { tenantId: TenantId; filter: DeliveryFilter; page: Page },
): Promise<Scanned<DeliverySummary>> {
  const { endpointId, eventId, eventType, sourceId, subscriptionId, status, statusCode, text } = filter
  const { from, to } = eventId === undefined ? filter : withinTimeOf(eventId, filter)
  const scan: Scan = {
    prefix: 'dlv',
    sources: text === undefined ? SOURCES : SOURCES.map(withAttempts),
    tenantId,
    conditions: [
      { sql: 'endpointId = ?', value: endpointId },
      { sql: 'eventId = ?', value: eventId },
      { sql: 'eventType = ?', value: eventType },
      { sql: 'sourceId = ?', value: sourceId },
      { sql: 'subscriptionId = ?', value: subscriptionId },
      { sql: 'statusCode >= ?', value: statusCode?.from },
      { sql: 'statusCode <= ?', value: statusCode?.to },
      { sql: 'instr(lower(attemptLog), lower(?)) > 0', value: text },
    ],
    // The milliseconds of one event are narrower than any counter.
    selection: eventId === undefined ? { endpointId, sourceId, type: eventType } : {},
    from,
    to,
    ...page,
    isText: text !== undefined,
  }
  if (status === 'delivered') {
    return await scanPage(logDb, {
      ...scan,
      conditions: [...scan.conditions, { sql: 'status = ?', value: status }],
    })
  }
  const open = status === undefined ? openWith(statusCode) : [status]
  if (open === undefined) return await scanPage(logDb, scan)
  // By the partial indexes, which hold few: what the counters know would not narrow it further.
  return await scanPage(logDb, {
    ...scan,
    sources: open.flatMap((each) => scan.sources.map((source) => openIn(source, each))),
    selection: {},
    rowsMax: INDEX_ROWS_MAX,
  })
}

function withAttempts(source: ScanSource): ScanSource {
  return { ...source, columns: `${source.columns}, attempt_log AS attemptLog` }
}

/** Each is looked up at a place of its own, not read in a row. */
const INDEX_ROWS_MAX = 8_000

function openIn(source: ScanSource, status: DeliveryStatus): ScanSource {
  // As the partial index says it, or SQLite does not use it.
  const within = `status <> 'delivered' AND status = '${status}'`
  return { ...source, index: { name: `${source.table}_open`, within } }
}

/** The states in which a delivery can be whose last answer was no success; undefined: it may have been delivered. */
function openWith(statusCode: DeliveryFilter['statusCode']): DeliveryStatus[] | undefined {
  return statusCode && statusCode.from >= 300 ? ['retrying', 'dead', 'held', 'cancelled'] : undefined
}

export async function getDelivery(
  logDb: D1Database,
  tenantId: TenantId,
  id: DeliveryId,
): Promise<DeliveryRow | undefined> {
  const row = await logDb
    .prepare(
      `SELECT ${COLUMNS}, attempt_log AS attemptLog FROM ${DELIVERIES}
       WHERE tenant_id = ?1 AND id = ?2 AND event_id >= ?3 AND event_id < ?4`,
    )
    .bind(tenantId, id, ...rangeOfDelivery(id))
    .first<DeliverySummary & { attemptLog: string }>()
  return row ? { ...row, attemptLog: attemptLogOf(row.attemptLog) } : undefined
}

/** The deliveries of some events with their attempts, of each event at most `limit`. */
export async function deliveriesOf(
  logDb: D1Database,
  { tenantId, eventIds, limit }: { tenantId: TenantId; eventIds: readonly EventId[]; limit: number },
): Promise<DeliveryRow[]> {
  if (eventIds.length === 0) return []
  const found = await logDb.batch<DeliverySummary & { attemptLog: string }>(
    eventIds.map((eventId) =>
      logDb
        .prepare(
          `SELECT ${COLUMNS}, attempt_log AS attemptLog FROM ${DELIVERIES}
           WHERE tenant_id = ?1 AND id >= ?2 AND id < ?3 AND event_id = ?4 ORDER BY id LIMIT ?5`,
        )
        .bind(tenantId, ...rangeOfEvent(eventId), eventId, limit),
    ),
  )
  return found.flatMap(({ results }) =>
    results.map((row) => ({ ...row, attemptLog: attemptLogOf(row.attemptLog) })),
  )
}

/** An event's deliveries lie within its millisecond of the key. */
export function rangeOfEvent(eventId: EventId): [from: DeliveryId, to: DeliveryId] {
  const time = timeOfId(eventId)
  return [firstIdAt('dlv', time), firstIdAt('dlv', time + 1)]
}

/** The event of a delivery lies within its millisecond of the key. */
function rangeOfDelivery(id: DeliveryId): [from: EventId, to: EventId] {
  const time = timeOfId(id)
  return [firstIdAt('evt', time), firstIdAt('evt', time + 1)]
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
