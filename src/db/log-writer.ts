import type { AttemptRecord, DeliveryRow, EventRow, LogMessage, RejectionRow } from '../model/delivery-log.ts'
import { ERASED } from '../model/erasure.ts'
import { fitAttempt } from './attempt-size.ts'
import { factsOf, METRICS_SQL } from './metrics-writer.ts'

/** One bound parameter carries this many UTF-16 units of JSON, so at most 1.5 MB of UTF-8; D1 refuses 2 MB. */
const CHUNK_CHARS = 500_000

const EVENTS_SQL = `
  INSERT INTO events (tenant_id, id, source_id, type, received_at, occurred_at, provider_event_id, entity_type,
    entity_id, content_type, body_bytes, body_key, intake, segment, idx, country, ordering_key)
  SELECT value ->> 'tenantId', value ->> 'id', value ->> 'sourceId', value ->> 'type', value ->> 'receivedAt',
    value ->> 'occurredAt', value ->> 'providerEventId', value ->> 'entityType', value ->> 'entityId',
    value ->> 'contentType', value ->> 'bodyBytes', value ->> 'bodyKey', value ->> '$.pointer.intake',
    value ->> '$.pointer.segment', value ->> '$.pointer.index', value ->> 'country',
    value ->> 'orderingKey'
  FROM json_each(?1) WHERE true
  ON CONFLICT DO NOTHING`

const REJECTIONS_SQL = `
  INSERT INTO rejections (tenant_id, id, source_id, at, reason, detail, ip, country, method, headers, body_sample)
  SELECT value ->> 'tenantId', value ->> 'id', value ->> 'sourceId', value ->> 'at', value ->> 'reason',
    value ->> 'detail', value ->> 'ip', value ->> 'country', value ->> 'method', value -> 'headers',
    value ->> 'bodySample'
  FROM json_each(?1) WHERE true
  ON CONFLICT DO NOTHING`

/** What was erased is not to come back with a message that was on its way. */
const IS_ERASED = `deliveries.error IS '${ERASED}'`

/** What a newer version replaces; keys, event, endpoint and subscription of a delivery never change. */
const NEWER_WINS = [
  'status',
  'attempts',
  'status_code',
  'duration_ms',
  'last_attempt_at',
  'next_attempt_at',
  'version',
]

const DELIVERIES_SQL = `
  INSERT INTO deliveries (tenant_id, id, event_id, event_type, source_id, endpoint_id, subscription_id, status,
    attempts, status_code, error, duration_ms, last_attempt_at, next_attempt_at, version, attempt_log)
  SELECT value ->> 'tenantId', value ->> 'id', value ->> 'eventId', value ->> 'eventType', value ->> 'sourceId',
    value ->> 'endpointId', value ->> 'subscriptionId', value ->> 'status', value ->> 'attempts',
    value ->> 'statusCode', value ->> 'error', value ->> 'durationMs', value ->> 'lastAttemptAt',
    value ->> 'nextAttemptAt', value ->> 'version', value -> 'attemptLog'
  FROM json_each(?1) WHERE true
  ON CONFLICT DO UPDATE SET
    attempt_log = iif(${IS_ERASED}, deliveries.attempt_log, json_patch(deliveries.attempt_log, excluded.attempt_log)),
    error = iif(${IS_ERASED}, deliveries.error, ${newer('error')}),
    ${NEWER_WINS.map((column) => `${column} = ${newer(column)}`).join(',\n    ')}
  WHERE excluded.version > deliveries.version
    OR (NOT ${IS_ERASED} AND json_patch(deliveries.attempt_log, excluded.attempt_log) <> deliveries.attempt_log)`

function newer(column: string): string {
  return `iif(excluded.version > deliveries.version, excluded.${column}, deliveries.${column})`
}

/**
 * Puts a batch of log messages into the log database: one transaction, one statement for each table and half
 * megabyte, one written row for each new or changed row, and one for each hour and dimension that is counted. Any message may be repeated, in any order, at any later
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
  const statements = [
    ...statementsFor(db, METRICS_SQL, factsOf({ events, deliveries, rejections })),
    ...statementsFor(db, EVENTS_SQL, jsonOf(events)),
    ...statementsFor(db, DELIVERIES_SQL, jsonOf(deliveries)),
    ...statementsFor(db, REJECTIONS_SQL, jsonOf(rejections)),
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

function* jsonOf(rows: Map<string, unknown>): Iterable<string> {
  for (const row of rows.values()) yield JSON.stringify(row)
}

function statementsFor(db: D1Database, sql: string, rows: Iterable<string>): D1PreparedStatement[] {
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
  return chunks.map((chunk) => db.prepare(sql).bind(`[${chunk.join(',')}]`))
}
