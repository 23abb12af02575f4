import type { DeliveryStatus, EventPointer } from '../model/delivery-log.ts'
import {
  firstIdAt,
  timeOfId,
  type DeliveryId,
  type EndpointId,
  type EventId,
  type SourceId,
  type SubscriptionId,
  type TenantId,
} from '../model/id.ts'
import { selectsDeliveries, type ReplayQuery } from '../model/replay.ts'

/** Rows of the log that one step looks at. */
const SCAN_ROWS_MAX = 20_000
/** Rows of the log that a plan counts at most. */
export const PLAN_ROWS_MAX = 100_000
const GROUPS_MAX = 1_000

/** A row that a replay selects. */
export interface Selected {
  /** Of the table that was scanned: the cursor. */
  id: string
  eventId: EventId
  eventType: string
  pointer: EventPointer
  /** Of a delivery; null: an event was selected. */
  delivery: {
    id: DeliveryId
    endpointId: EndpointId
    subscriptionId: SubscriptionId
    status: DeliveryStatus
  } | null
}

interface Selection {
  tenantId: TenantId
  query: ReplayQuery
  /** Go on after this id; null: from the first. */
  after: string | null
}

/** The next rows in the order of receipt. `next`: where to go on; undefined: that was all. */
export async function selectForReplay(
  logDb: D1Database,
  { limit, ...selection }: Selection & { limit: number },
): Promise<{ rows: Selected[]; next: string | undefined }> {
  const { source, bindings } = sourceOf(selection, SCAN_ROWS_MAX)
  const found = selectsDeliveries(selection.query)
    ? `SELECT s.id, s.id AS deliveryId, s.event_id AS eventId, s.event_type AS eventType, s.endpoint_id AS endpointId,
         s.subscription_id AS subscriptionId, s.status, e.intake, e.segment, e.idx
       FROM (${source}) s LEFT JOIN events e ON e.tenant_id = ?1 AND e.id = s.event_id`
    : `SELECT s.id, s.id AS eventId, s.type AS eventType, s.intake, s.segment, s.idx FROM (${source}) s`
  const { results } = await logDb
    .prepare(`${found} WHERE ${filterOf(selection.query)} ORDER BY s.id LIMIT ?10`)
    .bind(...bindings, limit)
    .all<Row>()
  if (results.length === limit) return { rows: results.map(selectedOf), next: results.at(-1)?.id }
  const end = await logDb
    .prepare(`SELECT max(id) AS id, count(*) AS count FROM (${source})`)
    .bind(...bindings.slice(0, SOURCE_BINDINGS))
    .first<{ id: string | null; count: number }>()
  const isFull = end !== null && end.count >= SCAN_ROWS_MAX
  return { rows: results.map(selectedOf), next: isFull ? (end.id ?? undefined) : undefined }
}

export interface Counted {
  /** Deliveries by endpoint, or events by type and source. */
  groups: { endpointId?: EndpointId; type?: string; sourceId?: SourceId | null; count: number }[]
  /** False: there is more than a plan counts. */
  isComplete: boolean
}

/** Counts what a replay would select. */
export async function countForReplay(
  logDb: D1Database,
  selection: Omit<Selection, 'after'>,
): Promise<Counted> {
  const { source, bindings } = sourceOf({ ...selection, after: null }, PLAN_ROWS_MAX)
  const by = selectsDeliveries(selection.query)
    ? 's.endpoint_id AS endpointId'
    : 's.type AS type, s.source_id AS sourceId'
  const [groups, total] = await logDb.batch([
    logDb
      .prepare(
        `SELECT ${by}, count(*) AS count FROM (${source}) s WHERE ${filterOf(selection.query)} GROUP BY ${by.replaceAll(/ AS \w+/g, '')} LIMIT ?10`,
      )
      .bind(...bindings, GROUPS_MAX),
    logDb.prepare(`SELECT count(*) AS count FROM (${source})`).bind(...bindings.slice(0, SOURCE_BINDINGS)),
  ])
  const counted = (groups?.results ?? []) as Counted['groups']
  const [{ count } = { count: 0 }] = (total?.results ?? []) as { count: number }[]
  return { groups: counted, isComplete: count < PLAN_ROWS_MAX && counted.length < GROUPS_MAX }
}

/** How often each of these deliveries was tried, as far as the log knows. */
export async function attemptsOf(
  logDb: D1Database,
  tenantId: TenantId,
  ids: readonly DeliveryId[],
): Promise<Map<string, number>> {
  const { results } = await logDb
    .prepare(
      'SELECT id, attempts FROM deliveries WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))',
    )
    .bind(tenantId, JSON.stringify(ids))
    .all<{ id: string; attempts: number }>()
  return new Map(results.map(({ id, attempts }) => [id, attempts]))
}

interface Row {
  id: string
  eventId: EventId
  eventType: string
  intake: string | null
  segment: number
  idx: number
  deliveryId?: DeliveryId
  endpointId?: EndpointId
  subscriptionId?: SubscriptionId
  status?: DeliveryStatus
}

const SOURCE_BINDINGS = 5

/** The rows that are looked at: a range of the primary key, or those of some events, which each lie in a millisecond of it. */
function sourceOf({ tenantId, query, after }: Selection, rowsMax: number) {
  const isDeliveries = selectsDeliveries(query)
  const [table, prefix] = isDeliveries ? (['deliveries', 'dlv'] as const) : (['events', 'evt'] as const)
  const { eventIds, from, to } = query
  const wanted = eventIds?.map((id) => {
    const time = timeOfId(id)
    return { id, from: firstIdAt(prefix, time), to: firstIdAt(prefix, time + 1) }
  })
  const inRange = 't.tenant_id = ?1 AND t.id > ?2 AND t.id < ?3'
  const rows =
    wanted === undefined
      ? `FROM ${table} t WHERE ?5 IS NULL AND ${inRange}`
      : `FROM (SELECT value ->> 'id' AS e, value ->> 'from' AS a, value ->> 'to' AS b FROM json_each(?5)) w
         CROSS JOIN ${table} t ON t.id >= w.a AND t.id < w.b AND t.${isDeliveries ? 'event_id' : 'id'} = w.e
         WHERE ${inRange}`
  const { columns } = isDeliveries ? DELIVERY : EVENT
  const start = firstIdAt(prefix, from)
  const bindings = [
    tenantId,
    // The first id of a time is a bound, never an id that exists.
    after !== null && after > start ? after : start,
    firstIdAt(prefix, to),
    rowsMax,
    wanted === undefined ? null : JSON.stringify(wanted),
    query.status ?? null,
    query.endpointId ?? null,
    query.eventType ?? null,
    query.sourceId ?? null,
  ]
  return { source: `SELECT ${columns} ${rows} ORDER BY t.id LIMIT ?4`, bindings }
}

const DELIVERY = {
  columns: 't.id, t.event_id, t.event_type, t.source_id, t.endpoint_id, t.subscription_id, t.status',
}
const EVENT = { columns: 't.id, t.type, t.source_id, t.intake, t.segment, t.idx' }

/** Of what still waits nothing is replayed: it comes by itself. */
function filterOf(query: ReplayQuery): string {
  const type = selectsDeliveries(query) ? 'event_type' : 'type'
  const rest = `(?8 IS NULL OR s.${type} = ?8) AND (?9 IS NULL OR s.source_id = ?9)`
  if (!selectsDeliveries(query)) return `?6 IS NULL AND ?7 IS NULL AND ${rest}`
  return `(CASE WHEN ?6 IS NULL THEN s.status IN ('dead', 'delivered', 'cancelled') ELSE s.status = ?6 END)
    AND (?7 IS NULL OR s.endpoint_id = ?7) AND ${rest}`
}

function selectedOf(row: Row): Selected {
  const { id, eventId, eventType, intake, segment, idx, deliveryId, endpointId, subscriptionId, status } = row
  const delivery =
    deliveryId && endpointId && subscriptionId && status
      ? { id: deliveryId, endpointId, subscriptionId, status }
      : null
  return { id, eventId, eventType, pointer: { intake: intake ?? '', segment, index: idx }, delivery }
}
