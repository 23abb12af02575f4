import type { AttemptRecord, DeliveryRow, EventRow, LogMessage, RejectionRow } from '../model/delivery-log.ts'
import { fitAttempt } from './attempt-size.ts'
import { DELIVERIES_SQL, EVENTS_SQL, FIRST_SQL, REJECTIONS_SQL } from './log-statements.ts'
import { factsOf, METRICS_SQL } from './metrics-writer.ts'

/** One bound parameter carries this many UTF-16 units of JSON, so at most 1.5 MB of UTF-8; D1 refuses 2 MB. */
const CHUNK_CHARS = 500_000

/**
 * Puts a batch of log messages into the log database: one transaction, one statement for each table and half
 * megabyte, one written row for each new or changed row, and one for each hour and dimension that is counted. An event
 * and the first delivery that comes with it are one row. Any message may be repeated, in any order, at any later
 * time: events and rejections are kept as first seen, a delivery keeps every attempt it ever reported and the
 * columns of its highest version, and what changes nothing writes nothing. Throws when D1 does; nothing is then
 * written and the whole batch may be given again.
 */
export async function writeLog(db: D1Database, messages: readonly LogMessage[]): Promise<void> {
  const events = new Map<string, EventRow>()
  const deliveries = new Map<string, DeliveryRow>()
  const rejections = new Map<string, RejectionRow>()
  for (const message of messages) {
    if (message.kind === 'rejections') {
      for (const row of message.rows) rejections.set(keyOf(row), row)
      continue
    }
    for (const row of message.events) events.set(keyOf(row), row)
    if (message.kind === 'deliveries') for (const row of message.rows) fold(deliveries, row)
  }
  // Counted before they are written: what is already there was counted with its first writing.
  const rows = arraysOf(jsonOf(withEvents(deliveries, events)))
  // In this order: what has found its place in `first_deliveries` goes nowhere else.
  const statements = [
    ...statementsFor(db, METRICS_SQL, arraysOf(factsOf({ events, deliveries, rejections }))),
    ...statementsFor(db, FIRST_SQL, rows),
    ...statementsFor(db, EVENTS_SQL, arraysOf(jsonOf(events.values()))),
    ...statementsFor(db, DELIVERIES_SQL, rows),
    ...statementsFor(db, REJECTIONS_SQL, arraysOf(jsonOf(rejections.values()))),
  ]
  if (statements.length > 0) await db.batch(statements)
}

function keyOf(row: { tenantId: string; id: string }): string {
  return `${row.tenantId}/${row.id}`
}

/** Several rows of one delivery in a batch become one, as the database itself would have merged them. */
function fold(rows: Map<string, DeliveryRow>, row: DeliveryRow): void {
  const known = rows.get(keyOf(row))
  const newest = known && known.version >= row.version ? known : row
  const attemptLog: Record<string, AttemptRecord> = { ...known?.attemptLog }
  for (const [number, attempt] of Object.entries(row.attemptLog)) {
    const fitted = fitAttempt(Number(number), attempt)
    if (fitted) attemptLog[number] = fitted
  }
  rows.set(keyOf(row), { ...newest, attemptLog })
}

/** Each event with one of its deliveries, whatever the order in which they came. */
function* withEvents(
  deliveries: ReadonlyMap<string, DeliveryRow>,
  events: ReadonlyMap<string, EventRow>,
): Iterable<DeliveryRow & { event?: EventRow }> {
  const first = new Map<string, DeliveryRow>()
  for (const row of deliveries.values()) {
    const known = first.get(keyOfEvent(row))
    if (known === undefined || row.id < known.id) first.set(keyOfEvent(row), row)
  }
  for (const row of deliveries.values()) {
    const event = first.get(keyOfEvent(row)) === row ? events.get(keyOfEvent(row)) : undefined
    yield event === undefined ? row : { ...row, event }
  }
}

function keyOfEvent({ tenantId, eventId }: DeliveryRow): string {
  return keyOf({ tenantId, id: eventId })
}

function* jsonOf(rows: Iterable<unknown>): Iterable<string> {
  for (const row of rows) yield JSON.stringify(row)
}

/** As JSON arrays that one parameter carries. */
function arraysOf(rows: Iterable<string>): string[] {
  const chunks: string[][] = []
  let chars = Infinity
  for (const json of rows) {
    if (chars + json.length > CHUNK_CHARS) {
      chunks.push([])
      chars = 0
    }
    chunks.at(-1)?.push(json)
    chars += json.length
  }
  return chunks.map((chunk) => `[${chunk.join(',')}]`)
}

function statementsFor(db: D1Database, sql: string, arrays: readonly string[]): D1PreparedStatement[] {
  return arrays.map((array) => db.prepare(sql).bind(array))
}
