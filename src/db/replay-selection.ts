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
import { mergeScans, type Scanned } from './merge.ts'

/** Rows of the log that one step looks at. */
const SCAN_ROWS_MAX = 20_000
/** Rows of the log that a plan counts at most. */
export const PLAN_ROWS_MAX = 100_000
const GROUPS_MAX = 1_000

/** A row that a replay selects. */
export interface Selected {
  /** Where it stands among what is selected: the cursor. */
  position: string
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
): Promise<Scanned<Selected>> {
  const { query } = selection
  const tables = tablesOf(query)
  const rowsMax = SCAN_ROWS_MAX / tables.length
  const bindings = bindingsOf(selection, rowsMax)
  const [columns, places] = selectsDeliveries(query) ? WITH_PLACE : ['s.*', '']
  const pages = await logDb.batch<Row>(
    tables.map((table) =>
      logDb
        .prepare(
          `SELECT ${columns} FROM (${sourceOf(table, query)}) s ${places}
           WHERE ${filterOf(query)} ORDER BY s.position LIMIT ?10`,
        )
        .bind(...bindings, limit),
    ),
  )
  const short = tables.filter((_, i) => (pages[i]?.results.length ?? 0) < limit)
  const ends = await endsOf(logDb, short, { query, bindings: bindings.slice(0, SOURCE_BINDINGS), rowsMax })
  return mergeScans(
    pages.map(({ results }, i) => {
      const rows = results.map(selectedOf)
      return { rows, next: rows.length === limit ? rows.at(-1)?.position : ends.get(tables[i]) }
    }),
    limit,
    { isAscending: true },
  )
}

/** Where the rows ended that were looked at, of tables that have more. */
async function endsOf(
  logDb: D1Database,
  tables: readonly Table[],
  { query, bindings, rowsMax }: { query: ReplayQuery; bindings: readonly Binding[]; rowsMax: number },
): Promise<Map<Table | undefined, string>> {
  if (tables.length === 0) return new Map()
  const ends = await logDb.batch<{ position: string | null; count: number }>(
    tables.map((table) =>
      logDb
        .prepare(`SELECT max(position) AS position, count(*) AS count FROM (${sourceOf(table, query)})`)
        .bind(...bindings),
    ),
  )
  return new Map(
    ends.flatMap(({ results: [end] }, i) =>
      end?.position && end.count >= rowsMax ? [[tables[i], end.position] as const] : [],
    ),
  )
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
  const { query } = selection
  const bindings = bindingsOf({ ...selection, after: null }, PLAN_ROWS_MAX)
  const parts = tablesOf(query).map((table) => `SELECT * FROM (${sourceOf(table, query)})`)
  const source = `${parts.join(' UNION ALL ')} LIMIT ?4`
  const by = selectsDeliveries(query)
    ? 's.endpoint_id AS endpointId'
    : 's.event_type AS type, s.source_id AS sourceId'
  const [groups, total] = await logDb.batch([
    logDb
      .prepare(
        `SELECT ${by}, count(*) AS count FROM (${source}) s WHERE ${filterOf(query)} GROUP BY ${by.replaceAll(/ AS \w+/g, '')} LIMIT ?10`,
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
  wanted: readonly { id: DeliveryId; eventId: EventId }[],
): Promise<Map<string, number>> {
  const { results } = await logDb
    .prepare(
      `SELECT d.id, d.attempts FROM json_each(?2) w
         CROSS JOIN deliveries d ON d.tenant_id = ?1 AND d.id = w.value ->> 'id'
       UNION ALL SELECT d.delivery_id, d.attempts FROM json_each(?2) w
         CROSS JOIN first_deliveries d ON d.tenant_id = ?1 AND d.id = w.value ->> 'eventId'
           AND d.delivery_id = w.value ->> 'id'`,
    )
    .bind(tenantId, JSON.stringify(wanted))
    .all<{ id: string; attempts: number }>()
  return new Map(results.map(({ id, attempts }) => [id, attempts]))
}

interface Row {
  position: string
  event_id: EventId
  event_type: string
  intake: string | null
  segment: number
  idx: number
  delivery_id?: DeliveryId
  endpoint_id?: EndpointId
  subscription_id?: SubscriptionId
  status?: DeliveryStatus
}

/** A table that has rows of the selection, as all such tables show them. */
interface Table {
  name: 'events' | 'first_deliveries' | 'deliveries'
  prefix: 'evt' | 'dlv'
  /** The column with the id of the event. */
  eventId: 'id' | 'event_id'
  columns: string
}

const TARGET = 't.endpoint_id, t.subscription_id, t.status'
const DELIVERIES: Table[] = [
  {
    name: 'first_deliveries',
    prefix: 'evt',
    eventId: 'id',
    columns: `'dlv_' || substr(t.id, 5) AS position, t.delivery_id, t.id AS event_id, t.type AS event_type,
      t.source_id, ${TARGET}`,
  },
  {
    name: 'deliveries',
    prefix: 'dlv',
    eventId: 'event_id',
    columns: `t.id AS position, t.id AS delivery_id, t.event_id, t.event_type, t.source_id, ${TARGET}`,
  },
]
/** Where the events are of deliveries `s`: some are a row with another delivery. */
const WITH_PLACE = [
  's.*, coalesce(e.intake, f.intake) AS intake, coalesce(e.segment, f.segment) AS segment, coalesce(e.idx, f.idx) AS idx',
  `LEFT JOIN events e ON e.tenant_id = ?1 AND e.id = s.event_id
   LEFT JOIN first_deliveries f ON f.tenant_id = ?1 AND f.id = s.event_id`,
] as const
const EVENTS = (['events', 'first_deliveries'] as const).map((name): Table => ({
  name,
  prefix: 'evt',
  eventId: 'id',
  columns: `t.id AS position, t.id AS event_id, t.type AS event_type, t.source_id, t.intake, t.segment, t.idx`,
}))

function tablesOf(query: ReplayQuery): Table[] {
  return selectsDeliveries(query) ? DELIVERIES : EVENTS
}

/** The rows that are looked at: a range of the primary key, or those of some events, which each lie in a millisecond of it. */
function sourceOf({ name, prefix, eventId, columns }: Table, { eventIds }: ReplayQuery): string {
  const bound = (sql: string) => `'${prefix}_' || substr(${sql}, 5)`
  const inRange = `t.tenant_id = ?1 AND t.id > ${bound('?2')} AND t.id < ${bound('?3')}`
  const rows =
    eventIds === undefined
      ? `FROM ${name} t WHERE ?5 IS NULL AND ${inRange}`
      : `FROM (SELECT value ->> 'id' AS e, value ->> 'from' AS a, value ->> 'to' AS b FROM json_each(?5)) w
         CROSS JOIN ${name} t ON t.id >= ${bound('w.a')} AND t.id < ${bound('w.b')} AND t.${eventId} = w.e
         WHERE ${inRange}`
  return `SELECT ${columns} ${rows} ORDER BY t.id LIMIT ?4`
}

type Binding = string | number | null
/** Those of `sourceOf`. */
const SOURCE_BINDINGS = 5

/** Bounds are of the list; a table kept by other ids has those of the same place. */
function bindingsOf({ tenantId, query, after }: Selection, rowsMax: number): Binding[] {
  const prefix = selectsDeliveries(query) ? 'dlv' : 'evt'
  const wanted = query.eventIds?.map((id) => {
    const time = timeOfId(id)
    return { id, from: firstIdAt(prefix, time), to: firstIdAt(prefix, time + 1) }
  })
  const start = firstIdAt(prefix, query.from)
  return [
    tenantId,
    // The first id of a time is a bound, never an id that exists.
    after !== null && after > start ? after : start,
    firstIdAt(prefix, query.to),
    rowsMax,
    wanted === undefined ? null : JSON.stringify(wanted),
    query.status ?? null,
    query.endpointId ?? null,
    query.eventType ?? null,
    query.sourceId ?? null,
  ]
}

/** Of what still waits nothing is replayed: it comes by itself. */
function filterOf(query: ReplayQuery): string {
  const rest = `(?8 IS NULL OR s.event_type = ?8) AND (?9 IS NULL OR s.source_id = ?9)`
  if (!selectsDeliveries(query)) return `?6 IS NULL AND ?7 IS NULL AND ${rest}`
  return `(CASE WHEN ?6 IS NULL THEN s.status IN ('dead', 'delivered', 'cancelled') ELSE s.status = ?6 END)
    AND (?7 IS NULL OR s.endpoint_id = ?7) AND ${rest}`
}

function selectedOf(row: Row): Selected {
  const { delivery_id: id, endpoint_id: endpointId, subscription_id: subscriptionId, status } = row
  return {
    position: row.position,
    eventId: row.event_id,
    eventType: row.event_type,
    pointer: { intake: row.intake ?? '', segment: row.segment, index: row.idx },
    delivery:
      id && endpointId && subscriptionId && status ? { id, endpointId, subscriptionId, status } : null,
  }
}
