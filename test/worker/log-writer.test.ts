import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DELIVERIES } from '../../src/db/log-rows.ts'
import { writeLog } from '../../src/db/log-writer.ts'
import type {
  AttemptRecord,
  DeliveryRow,
  EventRow,
  LogMessage,
  RejectionRow,
} from '../../src/model/delivery-log.ts'
import { EMPTY_LOG, openDatabases } from './databases.ts'

let db: D1Database
beforeAll(async () => void ({ logDb: db } = await openDatabases()))
beforeEach(() => db.exec(EMPTY_LOG))

const id = (prefix: string, n: number) => `${prefix}_01K00000000000000000000${String(n).padStart(3, '0')}`

function eventRow(n: number, more: Partial<EventRow> = {}): EventRow {
  return {
    id: id('evt', n) as EventRow['id'],
    tenantId: 'default',
    sourceId: 'src_a',
    type: 'push',
    receivedAt: 1_000 + n,
    occurredAt: null,
    providerEventId: 'p1',
    entityType: null,
    entityId: null,
    contentType: 'application/json',
    bodyBytes: 12,
    bodyKey: null,
    pointer: { intake: 'default/src_a/weur', segment: 4, index: n },
    ...more,
  }
}

function attempt(more: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    at: 2_000,
    durationMs: 30,
    result: 'delivered',
    statusCode: 200,
    url: 'https://receiver.example/hook',
    method: 'POST',
    requestHeaders: [['webhook-id', 'dlv_1']],
    ...more,
  }
}

function deliveryRow(n: number, more: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id: id('dlv', n) as DeliveryRow['id'],
    tenantId: 'default',
    eventId: id('evt', n) as DeliveryRow['eventId'],
    eventType: 'push',
    sourceId: 'src_a',
    endpointId: 'ep_a',
    subscriptionId: 'sub_a',
    status: 'delivered',
    attempts: 1,
    statusCode: 200,
    error: null,
    durationMs: 30,
    lastAttemptAt: 2_000,
    nextAttemptAt: null,
    version: 2,
    attemptLog: { 1: attempt() },
    ...more,
  }
}

const deliveries = (rows: DeliveryRow[], events: EventRow[] = []): LogMessage => ({
  kind: 'deliveries',
  object: 'ep_a:0',
  receipt: 1,
  events,
  rows,
})

async function delivery(n: number) {
  const row = await db.prepare(`SELECT * FROM ${DELIVERIES} WHERE id = ?`).bind(id('dlv', n)).first()
  return { ...row, attempt_log: JSON.parse(String(row?.['attempt_log'])) as Record<string, AttemptRecord> }
}

/** Rows that D1 would bill for what `run` does to the logs themselves; the counters are `metrics.test.ts`. */
async function rowsWritten(run: (counted: D1Database) => Promise<void>): Promise<number> {
  let rows = 0
  const counters = new Set<D1PreparedStatement>()
  const counted = {
    prepare: (sql: string) => ({
      bind(...values: unknown[]) {
        const statement = db.prepare(sql).bind(...values)
        if (sql.includes('INTO metrics')) counters.add(statement)
        return statement
      },
    }),
    async batch(statements: D1PreparedStatement[]) {
      const results = await db.batch(statements)
      for (const [i, result] of results.entries()) {
        const statement = statements[i]
        if (statement && !counters.has(statement)) rows += result.meta.rows_written
      }
      return results
    },
  }
  await run(counted as unknown as D1Database)
  return rows
}

describe('writeLog', () => {
  it('writes one row for an event with its first delivery, and one for each further delivery', async () => {
    const messages = [
      deliveries(
        [1, 2, 3].map((n) => deliveryRow(n)),
        [1, 2, 3].map((n) => eventRow(n)),
      ),
    ]
    expect(await rowsWritten((counted) => writeLog(counted, messages))).toBe(3)
    const further = deliveryRow(4, { eventId: id('evt', 2) as EventRow['id'] })
    const repeated = [deliveries([further, deliveryRow(2)], [eventRow(2)])]
    expect(await rowsWritten((counted) => writeLog(counted, repeated))).toBe(1)
    expect(await delivery(4)).toMatchObject({ event_id: id('evt', 2), status: 'delivered' })
    const { results } = await db.prepare('SELECT * FROM first_deliveries ORDER BY id').all()
    expect(results).toHaveLength(3)
    expect(results[1]).toMatchObject({
      tenant_id: 'default',
      id: id('evt', 2),
      source_id: 'src_a',
      type: 'push',
      received_at: 1_002,
      occurred_at: null,
      provider_event_id: 'p1',
      entity_type: null,
      entity_id: null,
      content_type: 'application/json',
      body_bytes: 12,
      body_key: null,
      intake: 'default/src_a/weur',
      segment: 4,
      idx: 2,
      country: null,
      ordering_key: null,
      erasure_id: null,
      delivery_id: id('dlv', 2),
    })
    expect(await delivery(2)).toMatchObject({
      status: 'delivered',
      status_code: 200,
      attempt_log: { 1: attempt() },
    })
  })

  it('writes nothing for an exact repeat', async () => {
    const messages = [
      deliveries([deliveryRow(1)], [eventRow(1)]),
      { kind: 'events', events: [eventRow(2)] } satisfies LogMessage,
    ]
    await writeLog(db, messages)
    expect(await rowsWritten((counted) => writeLog(counted, messages))).toBe(0)
  })

  it('does nothing for a batch without rows', async () => {
    expect(await rowsWritten((counted) => writeLog(counted, [deliveries([])]))).toBe(0)
  })

  it('keeps every attempt and the newest state when reports come in any order', async () => {
    const first = deliveryRow(1, {
      status: 'retrying',
      statusCode: 500,
      nextAttemptAt: 7_000,
      version: 2,
      attemptLog: { 1: attempt({ result: 'server_error', statusCode: 500 }) },
    })
    const second = deliveryRow(1, { attempts: 2, version: 3, attemptLog: { 2: attempt({ at: 7_000 }) } })
    // One that has not succeeded stands in the index of those as well, until it has.
    for (const { order, rows } of [
      { order: [first, second], rows: [2, 1] },
      { order: [second, first], rows: [1, 1] },
    ]) {
      for (const events of [[], [eventRow(1)]]) {
        await db.exec(EMPTY_LOG)
        for (const [i, row] of order.entries()) {
          expect(await rowsWritten((to) => writeLog(to, [deliveries([row], events)]))).toBe(rows[i] ?? 0)
        }
        expect(await delivery(1)).toMatchObject({
          status: 'delivered',
          attempts: 2,
          next_attempt_at: null,
          version: 3,
        })
        expect(Object.keys((await delivery(1)).attempt_log).toSorted()).toEqual(['1', '2'])
      }
    }
  })

  it('merges several reports of one delivery in one batch into one written row', async () => {
    const reports = [
      deliveryRow(1, { status: 'delivered', attempts: 2, version: 3, attemptLog: { 2: attempt() } }),
      deliveryRow(1, { status: 'retrying', version: 2, attemptLog: { 1: attempt({ statusCode: 503 }) } }),
    ]
    const messages = reports.map((row) => deliveries([row], [eventRow(1)]))
    expect(await rowsWritten((counted) => writeLog(counted, messages))).toBe(1)
    expect(await delivery(1)).toMatchObject({ status: 'delivered', version: 3 })
    expect(Object.keys((await delivery(1)).attempt_log)).toEqual(['1', '2'])
  })

  it('records a state without an attempt, such as a hold', async () => {
    await writeLog(db, [
      deliveries([deliveryRow(1, { status: 'held', attempts: 0, version: 1, attemptLog: {} })]),
    ])
    await writeLog(db, [deliveries([deliveryRow(1)])])
    expect(await delivery(1)).toMatchObject({ status: 'delivered', attempt_log: { 1: { statusCode: 200 } } })
  })

  it('takes more in one batch than a parameter may carry', async () => {
    const body = 'ü'.repeat(5_000)
    const rows = Array.from({ length: 400 }, (_, n) =>
      deliveryRow(n, { attemptLog: { 1: attempt({ responseBody: body }) } }),
    )
    expect(await rowsWritten((counted) => writeLog(counted, [deliveries(rows)]))).toBe(400)
    expect((await delivery(399)).attempt_log['1']?.responseBody).toBe(body)
  })

  it('keeps a delivery under the row limit of D1, however many and large its attempts', async () => {
    for (let from = 1; from <= 600; from += 20) {
      const log = Array.from({ length: 20 }, (_, i) => [
        from + i,
        attempt({ responseBody: '\u0001'.repeat(16_384) }),
      ])
      const row = deliveryRow(1, {
        version: from + 1,
        attempts: from + 19,
        attemptLog: Object.fromEntries(log),
      })
      await writeLog(db, [deliveries([row])])
    }
    const { attempts, attempt_log: kept } = (await delivery(1)) as { attempts?: number; attempt_log: object }
    expect(attempts).toBe(600)
    expect(Object.keys(kept)).toHaveLength(500)
    expect(JSON.stringify(kept).length).toBeLessThan(1_700_000)
  })

  it('keeps hostile text of a refused request as it was', async () => {
    const row: RejectionRow = {
      id: id('req', 1),
      tenantId: 'default',
      sourceId: 'src_a',
      at: 5,
      reason: 'wrong_secret',
      detail: `"quoted" '); DROP TABLE rejections; --`,
      ip: '2001:db8::1',
      country: null,
      method: 'POST',
      headers: [['x-evil', '\u2028"]}']],
      bodySample: 'a\u0000b\u0007\\u0000 \ufffd 😀',
    }
    expect(
      await rowsWritten((counted) => writeLog(counted, [{ kind: 'rejections', rows: [row, row] }])),
    ).toBe(1)
    const { results } = await db.prepare('SELECT * FROM rejections').all()
    expect(results).toEqual([
      expect.objectContaining({
        detail: row.detail,
        headers: JSON.stringify(row.headers),
        body_sample: row.bodySample,
      }),
    ])
  })

  it('writes nothing of a batch that fails', async () => {
    const broken = deliveryRow(2, { status: null as unknown as 'held' })
    await expect(writeLog(db, [deliveries([deliveryRow(1), broken], [eventRow(1)])])).rejects.toThrow(
      /NOT NULL/,
    )
    expect(await db.prepare('SELECT count(*) AS n FROM first_deliveries').first('n')).toBe(0)
  })
})
