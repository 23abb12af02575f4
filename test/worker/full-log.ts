import { DELIVERIES } from '../../src/db/log-rows.ts'

/** A month, ending here. */
export const END = Date.UTC(2026, 0, 31)
const MONTH_MS = 30 * 86_400_000
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const EVENT =
  'tenant_id, id, source_id, type, received_at, content_type, body_bytes, intake, segment, idx, country'
const EVENT_VALUES = `'default', 'evt_' || tail, source, type, ms, 'application/json', 900, 'default/x/weur', i / 100,
  i % 100, 'DE'`
const OUTCOME = `endpoint_id, subscription_id, status, attempts, status_code, error, duration_ms, last_attempt_at,
  version, attempt_log`
const OUTCOME_VALUES = `'ep_01K000000000000000000000' || ep, 'sub_01K00000000000000000000000', status, 1,
  iif(status = 'delivered', 200, 500), NULL, 40, ms, 7`

/** The time part of an id, as `model/id.ts` writes it, of the SQL expression `ms`. */
const timePart = Array.from(
  { length: 10 },
  (_, i) => `substr('${ALPHABET}', ((ms >> ${5 * (9 - i)}) & 31) + 1, 1)`,
).join(' || ')

/**
 * A log of `rows` events of tenant `default` with a delivery each, made in the database itself: in one row, but one
 * in 23 in two, as the log has it when it learns of the delivery first. Half goes to
 * endpoint 0, most to a few, one in 10,000 to endpoint 99; one in 50 is dead, one in 100 retried, one in 20,000 is
 * of the type `rare`.
 */
export async function fillLog(logDb: D1Database, rows: number): Promise<void> {
  const step = MONTH_MS / rows
  const made = `WITH RECURSIVE n(i) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < ?2),
    at AS (SELECT i, ${END - MONTH_MS} + CAST(i * ${step} AS INTEGER) AS ms FROM n),
    row AS (SELECT i, ms, ${timePart} || printf('%016d', i) AS tail,
      'src_01K0000000000000000000000' || (i % 5) AS source,
      iif(i % 20000 = 77, 'rare', 'type.' || (i % 20)) AS type,
      CASE WHEN i % 10000 = 5 THEN '99' WHEN i % 2 = 0 THEN '00' ELSE printf('%02d', 1 + i % 49) END AS ep,
      CASE WHEN i % 50 = 9 THEN 'dead' WHEN i % 100 = 11 THEN 'retrying' ELSE 'delivered' END AS status FROM at)`
  const attempts = JSON.stringify({
    1: {
      at: END,
      durationMs: 40,
      result: 'delivered',
      url: 'https://receiver.example/hooks',
      method: 'POST',
      requestHeaders: Array.from({ length: 8 }, (_, i) => [`x-header-${i}`, 'a value of some length']),
      responseHeaders: [['content-type', 'application/json']],
      responseBody: '{"ok":true}'.repeat(20),
    },
  })
  for (let from = 0; from < rows; from += 50_000) {
    const range = [from, Math.min(rows, from + 50_000) - 1]
    await logDb
      .prepare(
        `${made} INSERT INTO events (${EVENT})
         SELECT ${EVENT_VALUES} FROM row WHERE i % 23 = 0`,
      )
      .bind(...range)
      .run()
    await logDb
      .prepare(
        `${made} INSERT INTO deliveries (tenant_id, id, event_id, event_type, source_id, ${OUTCOME})
         SELECT 'default', 'dlv_' || tail, 'evt_' || tail, type, source, ${OUTCOME_VALUES}, '${attempts}'
         FROM row WHERE i % 23 = 0`,
      )
      .bind(...range)
      .run()
    await logDb
      .prepare(
        `${made} INSERT INTO first_deliveries (${EVENT}, delivery_id, ${OUTCOME})
         SELECT ${EVENT_VALUES}, 'dlv_' || tail, ${OUTCOME_VALUES}, '${attempts}' FROM row WHERE i % 23 > 0`,
      )
      .bind(...range)
      .run()
  }
  for (const [endpoint, source, type] of [
    ['endpoint_id', "''", "''"],
    ["''", 'source_id', 'event_type'],
  ]) {
    await logDb
      .prepare(
        `INSERT INTO metrics (tenant_id, grain, endpoint_id, at, source_id, type, country, received, deliveries, attempts,
           delivered, failed, dead, duration_ms, first_at, last_at, l0)
         SELECT 'default', 'hour', ${endpoint}, last_attempt_at / 3600000 * 3600000, ${source}, ${type}, '', count(*), count(*),
           count(*), sum(status = 'delivered'), sum(status <> 'delivered'), sum(status = 'dead'), sum(duration_ms),
           min(last_attempt_at), max(last_attempt_at), count(*)
         FROM ${DELIVERIES} GROUP BY 3, 4, 5, 6`,
      )
      .run()
  }
}

/** What the lists are asked, with the rows that one page of 50 may read. */
export const QUESTIONS: { path: string; rowsMax: number }[] = [
  { path: '/v1/deliveries', rowsMax: 110 },
  { path: '/v1/deliveries?endpointId=ep_01K00000000000000000000000', rowsMax: 2_500 },
  { path: '/v1/deliveries?endpointId=ep_01K00000000000000000000049', rowsMax: 45_000 },
  { path: '/v1/deliveries?endpointId=ep_01K00000000000000000000099', rowsMax: 5_000 },
  { path: '/v1/deliveries?endpointId=ep_01K00000000000000000000098', rowsMax: 2_500 },
  { path: '/v1/deliveries?status=dead', rowsMax: 110 },
  { path: '/v1/deliveries?status=dead&endpointId=ep_01K00000000000000000000010', rowsMax: 20_000 },
  { path: '/v1/deliveries?status=pending', rowsMax: 110 },
  { path: '/v1/deliveries?status=delivered', rowsMax: 200 },
  { path: '/v1/deliveries?statusCode=5xx', rowsMax: 300 },
  { path: '/v1/deliveries?statusCode=200', rowsMax: 200 },
  { path: '/v1/deliveries?statusCode=404', rowsMax: 20_000 },
  { path: '/v1/deliveries?sourceId=src_01K00000000000000000000003', rowsMax: 6_000 },
  { path: '/v1/deliveries?eventType=type.7', rowsMax: 6_000 },
  { path: '/v1/deliveries?eventType=rare', rowsMax: 5_000 },
  { path: '/v1/deliveries?subscriptionId=sub_01K00000000000000000000009', rowsMax: 45_000 },
  { path: '/v1/deliveries?from=2026-01-10T00:00:00Z&to=2026-01-11T00:00:00Z', rowsMax: 110 },
  { path: '/v1/deliveries?text=nothing+has+this', rowsMax: 3_000 },
  { path: '/v1/events', rowsMax: 110 },
  { path: '/v1/events?sourceId=src_01K00000000000000000000003', rowsMax: 6_000 },
  { path: '/v1/events?type=type.7', rowsMax: 6_000 },
  { path: '/v1/events?type=rare', rowsMax: 5_000 },
  { path: '/v1/events?type=none', rowsMax: 5_000 },
  { path: '/v1/events?entityId=none', rowsMax: 45_000 },
  { path: '/v1/rejections', rowsMax: 60 },
]

/** The database, and what D1 would bill for what is asked of it. */
export function counted(db: D1Database): { db: D1Database; cost: { read: number; written: number } } {
  const cost = { read: 0, written: 0 }
  const note = <R extends D1Result>(result: R): R => {
    cost.read += result.meta.rows_read
    cost.written += result.meta.rows_written
    return result
  }
  const originals = new WeakMap<object, D1PreparedStatement>()
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => note(await statement.all()),
      run: async () => note(await statement.run()),
      async first(column?: string) {
        const { results } = note(await statement.all<Record<string, unknown>>())
        return (column === undefined ? results[0] : results[0]?.[column]) ?? null
      },
    } as unknown as D1PreparedStatement
    originals.set(wrapped, statement)
    return wrapped
  }
  const counting = {
    prepare: (sql: string) => wrap(db.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await db.batch(statements.map((each) => originals.get(each) ?? each))).map(note),
    exec: async (sql: string) => await db.exec(sql),
    withSession: () => counting,
  }
  return { db: counting as unknown as D1Database, cost }
}
