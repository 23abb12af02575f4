import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import type { AttemptRecord, DeliveryRow, EventRow, LogMessage } from '../../src/model/delivery-log.ts'
import { deliveryIdOf, newId, type EventId } from '../../src/model/id.ts'
import { deliveriesMessage as message } from '../support/log-rows.ts'
import { EMPTY_LOG, openDatabases } from './databases.ts'
import { counted as meter } from './full-log.ts'

const HOUR = Date.UTC(2026, 0, 1, 10)
const SOURCE = 'src_01K00000000000000000000000'
const ENDPOINT = 'ep_01K00000000000000000000000'

let db: D1Database
beforeAll(async () => void ({ logDb: db } = await openDatabases()))
beforeEach(() => db.exec(EMPTY_LOG))

function event(ms: number, more: Partial<EventRow> = {}): EventRow {
  return {
    id: newId('evt', HOUR + ms),
    tenantId: 'default',
    sourceId: SOURCE,
    type: 'push',
    receivedAt: HOUR + ms,
    occurredAt: null,
    providerEventId: null,
    entityType: null,
    entityId: null,
    contentType: 'application/json',
    bodyBytes: 2,
    bodyKey: null,
    country: 'DE',
    pointer: { intake: 'i', segment: 1, index: 0 },
    ...more,
  }
}

const attempt = (ms: number, result = 'delivered', durationMs = 30): AttemptRecord => ({
  at: HOUR + ms,
  durationMs,
  result,
  url: 'https://receiver.example/',
  method: 'POST',
  requestHeaders: [],
})

function delivery(eventId: EventId, more: Partial<DeliveryRow>): DeliveryRow {
  return {
    id: deliveryIdOf(eventId, 'sub_01K00000000000000000000000'),
    tenantId: 'default',
    eventId,
    eventType: 'push',
    sourceId: SOURCE,
    endpointId: ENDPOINT,
    subscriptionId: 'sub_01K00000000000000000000000',
    status: 'delivered',
    attempts: 1,
    statusCode: 200,
    error: null,
    durationMs: 30,
    lastAttemptAt: HOUR,
    nextAttemptAt: null,
    version: 7,
    attemptLog: { 1: attempt(1) },
    ...more,
  }
}

async function counted(where: string) {
  const row = await db.prepare(`SELECT * FROM metrics WHERE ${where}`).first()
  return row ?? {}
}

/** All rows that D1 would bill. */
async function rowsWritten(messages: LogMessage[]): Promise<number> {
  const { db: metered, cost } = meter(db)
  await writeLog(metered, messages)
  return cost.written
}

describe('the counters', () => {
  it('say what an endpoint took and what a source brought', async () => {
    const [a, b] = [event(0), event(5_000)]
    const failed = { 1: attempt(6_000, 'server_error', 900), 2: attempt(7_000, 'server_error', 60) }
    await writeLog(db, [
      message(
        [a, b],
        [delivery(a.id, {}), delivery(b.id, { status: 'dead', attempts: 2, attemptLog: failed })],
      ),
    ])
    const outcome = { deliveries: 2, attempts: 3, delivered: 1, failed: 2, retried: 1, dead: 1 }
    const latency = { duration_ms: 990, l0: 1, l1: 1, l4: 1 }
    const times = { first_at: HOUR, last_at: HOUR + 5_000, last_failed_at: HOUR + 7_000 }
    expect(await counted(`endpoint_id = '${ENDPOINT}'`)).toMatchObject({
      ...outcome,
      ...latency,
      ...times,
      failing: 2,
      received: 0,
    })
    expect(await counted(`source_id = '${SOURCE}'`)).toMatchObject({
      ...outcome,
      ...latency,
      ...times,
      received: 2,
      type: 'push',
      country: 'DE',
    })
  })

  it('are exact however often and in whatever pieces a batch is repeated', async () => {
    const a = event(0)
    const first = message(
      [a],
      [delivery(a.id, { status: 'retrying', version: 6, attemptLog: { 1: attempt(1, 'timeout') } })],
    )
    const both = message(
      [a],
      [
        delivery(a.id, {
          version: 11,
          attempts: 2,
          attemptLog: { 1: attempt(1, 'timeout'), 2: attempt(2) },
        }),
      ],
    )
    await writeLog(db, [first])
    await writeLog(db, [first, both])
    await writeLog(db, [both])
    await writeLog(db, [first])
    const exact = { deliveries: 1, attempts: 2, delivered: 1, failed: 1, retried: 1, failing: 0 }
    expect(await counted(`endpoint_id = '${ENDPOINT}'`)).toMatchObject(exact)
    expect(await counted(`source_id = '${SOURCE}'`)).toMatchObject({ received: 1, country: 'DE', ...exact })
  })

  it('know the failures since the last success', async () => {
    const events = [1, 2, 3, 4].map((ms) => event(ms))
    const rowOf = ({ id }: EventRow, i: number, isGood: boolean) =>
      delivery(id, { attemptLog: { 1: attempt(i, isGood ? 'delivered' : 'timeout') } })
    await writeLog(db, [
      message(
        events.slice(0, 3),
        events.slice(0, 3).map((each, i) => rowOf(each, i, i === 1)),
      ),
    ])
    expect(await counted(`endpoint_id = '${ENDPOINT}'`)).toMatchObject({ failing: 1 })
    await writeLog(db, [
      message(
        events.slice(3),
        events.slice(3).map((each) => rowOf(each, 9, false)),
      ),
    ])
    expect(await counted(`endpoint_id = '${ENDPOINT}'`)).toMatchObject({ failing: 2 })
  })

  it('count refused requests with those that were not kept', async () => {
    const rejection = {
      id: newId('rej', HOUR),
      tenantId: 'default',
      sourceId: SOURCE,
      at: HOUR + 9,
      reason: 'wrong_secret',
      detail: '',
      ip: null,
      country: 'FR',
      method: 'POST',
      headers: [],
      bodySample: '',
      count: 40,
    } as const
    const rejected: LogMessage = { kind: 'rejections', rows: [{ ...rejection, headers: [] }] }
    await writeLog(db, [rejected])
    await writeLog(db, [rejected])
    expect(await counted(`country = 'FR'`)).toMatchObject({ rejected: 40, last_rejected_at: HOUR + 9 })
  })

  it('cost two rows a batch and hour, so an event delivered once costs 1.02 in a batch of a hundred', async () => {
    const events = Array.from({ length: 100 }, (_, ms) => event(ms))
    const rows = events.map(({ id }) => delivery(id, {}))
    expect(await rowsWritten([message(events, rows)])).toBe(102)
  })
})
