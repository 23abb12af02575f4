import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clear, deliveriesToClear } from '../../src/db/clearing.ts'
import { getDelivery } from '../../src/db/deliveries.ts'
import { getEvent } from '../../src/db/events.ts'
import { DELIVERIES } from '../../src/db/log-rows.ts'
import { writeLog } from '../../src/db/log-writer.ts'
import type { AttemptRecord, DeliveryRow, EventRow, LogMessage } from '../../src/model/delivery-log.ts'
import { batchIdOf, type SubscriptionId } from '../../src/model/id.ts'
import { deliveriesMessage as message, deliveryRow, eventRow, START } from '../support/log-rows.ts'
import { seeded } from '../support/mutation.ts'
import { EMPTY_LOG, openDatabases } from './databases.ts'
import { counted } from './full-log.ts'

let db: D1Database
beforeAll(async () => void ({ logDb: db } = await openDatabases()))
beforeEach(() => db.exec(EMPTY_LOG))

const attempt = (number: number): AttemptRecord => ({
  at: START + number,
  durationMs: 30,
  result: number === LAST ? 'delivered' : 'timeout',
  url: `https://receiver.example/${number}`,
  method: 'POST',
  requestHeaders: [],
})

const LAST = 3
const EVENTS = 6
const SUBSCRIPTIONS = 3

/** What is told of a delivery after its attempt of this number. */
const stateAfter = (event: EventRow, subscription: number, number: number): DeliveryRow =>
  deliveryRow(event.id, {
    subscriptionId: `sub_01K0000000000000000000000${subscription}` as SubscriptionId,
    status: number === LAST ? 'delivered' : 'retrying',
    attempts: number,
    version: number,
    attemptLog: { [number]: attempt(number) },
  })

/** Where each event and each delivery stands; one that stands in two places is in the list twice. */
async function places(): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT 'events ' || id AS place FROM events UNION ALL SELECT 'deliveries ' || id FROM deliveries
       UNION ALL SELECT 'first ' || id FROM first_deliveries UNION ALL SELECT 'first ' || delivery_id FROM first_deliveries`,
    )
    .all<{ place: string }>()
  return results.map(({ place }) => place).toSorted()
}

/** Every row that D1 bills. */
async function rowsWritten(messages: LogMessage[]): Promise<number> {
  const { db: metered, cost } = counted(db)
  await writeLog(metered, messages)
  return cost.written
}

describe('an event and its deliveries', () => {
  it.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'stand in one place each, complete and counted once, in whatever order they come (seed %i)',
    async (seed) => {
      const random = seeded(seed)
      const events = Array.from({ length: EVENTS }, (_, n) => eventRow(n % 2, { country: 'DE' }))
      const told = events.flatMap((event) => {
        const own = Array.from({ length: Math.floor(random() * (SUBSCRIPTIONS + 1)) }, (_, i) => i)
        const states = own.flatMap((i) => [1, 2, LAST].map((number) => stateAfter(event, i, number)))
        return [
          message([event], []),
          ...states.flatMap((row) => [message([event], [row]), message([], [row])]),
          message([event], states),
        ]
      })
      const order = [...told, ...told]
        .map((each) => ({ each, at: random() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ each }) => each)
      let known: string[] = []
      for (let i = 0; i < order.length;) {
        const count = 1 + Math.floor(random() * 6)
        await writeLog(db, order.slice(i, i + count))
        i += count
        const now = await places()
        const ids = now.map((place) => place.split(' ')[1])
        expect(new Set(ids).size, 'one place each').toBe(ids.length)
        expect(now, 'nothing moves').toEqual(expect.arrayContaining(known))
        known = now
      }
      const rows = told.flatMap((each) => (each.kind === 'deliveries' ? each.rows : []))
      const deliveries = new Set(rows.map(({ id }) => id)).size
      expect(known).toHaveLength(EVENTS + deliveries)
      const { results } = await db.prepare(`SELECT * FROM ${DELIVERIES}`).all()
      for (const row of results) {
        expect(row).toMatchObject({ status: 'delivered', attempts: LAST, version: LAST, event_type: 'push' })
        expect(JSON.parse(String(row['attempt_log']))).toEqual({
          1: attempt(1),
          2: attempt(2),
          3: attempt(3),
        })
      }
      const sums = await db
        .prepare(
          `SELECT sum(received) AS received, sum(deliveries) AS deliveries, sum(attempts) AS attempts,
             sum(delivered) AS delivered, sum(failed) AS failed, sum(retried) AS retried
           FROM metrics WHERE endpoint_id = ''`,
        )
        .first()
      expect(sums).toEqual({
        received: EVENTS,
        deliveries,
        attempts: LAST * deliveries,
        delivered: deliveries,
        failed: 2 * deliveries,
        retried: 2 * deliveries,
      })
      expect(await rowsWritten(order), 'a repeat costs nothing').toBe(0)
    },
  )

  it('are one row when they come together, whichever delivery is named first', async () => {
    const event = eventRow(0)
    const rows = [0, 1, 2].map((i) => stateAfter(event, i, LAST))
    const [smallest] = rows.map(({ id }) => id).toSorted()
    for (const order of [rows, rows.toReversed()]) {
      await db.exec(EMPTY_LOG)
      // Two rows of counters.
      expect(await rowsWritten([message([event], order)])).toBe(3 + 2)
      expect(await db.prepare('SELECT delivery_id AS id FROM first_deliveries').first('id')).toBe(smallest)
    }
  })

  it('are updated where they are with one written row, also without the event', async () => {
    const event = eventRow(0)
    await writeLog(db, [message([event], [stateAfter(event, 0, 1)])])
    // The row, its place in the index of those that wait, and two counters.
    expect(await rowsWritten([message([], [stateAfter(event, 0, LAST)])])).toBeLessThanOrEqual(2 + 2)
    expect(await places()).toEqual([`first ${stateAfter(event, 0, 1).id}`, `first ${event.id}`])
  })

  it('stay erased when a message comes that was on its way', async () => {
    const event = eventRow(0, { entityId: 'a person' })
    const rows = [0, 1].map((i) => stateAfter(event, i, 1))
    await writeLog(db, [message([event], rows)])
    await db.exec(`UPDATE first_deliveries SET entity_id = NULL, error = 'erased', attempt_log = '{}'`)
    const late = message([event], [stateAfter(event, 0, LAST), stateAfter(event, 1, LAST)])
    await writeLog(db, [late])
    const row = await db
      .prepare('SELECT entity_id, error, delivery_id, attempt_log FROM first_deliveries')
      .first()
    expect(row).toMatchObject({ entity_id: null, error: 'erased', attempt_log: '{}' })
  })

  it('are cleared by one written row, with what stands with the others of their batch', async () => {
    const [apart, shared] = [eventRow(0, { entityId: 'a person' }), eventRow(1, { entityId: 'a person' })]
    const [first, second] = [stateAfter(apart, 0, LAST), stateAfter(shared, 0, LAST)]
    for (const [head, member] of [
      [first, second],
      [second, first],
    ] as const) {
      await db.exec(EMPTY_LOG)
      const batch = { id: batchIdOf([head.id, member.id]), size: 2, deliveryId: head.id }
      const sent = { 1: { ...attempt(1), batch, responseBody: 'to both' } }
      await writeLog(db, [message([], [{ ...first, attemptLog: sent }])])
      await writeLog(db, [message([apart, shared], [{ ...second, attemptLog: sent }])])
      const { eventId } = member
      const told = await deliveriesToClear(db, 'default', [{ id: eventId }])
      expect(told).toEqual({ count: 1, endpointIds: [head.endpointId], batchIds: [batch.id] })
      const { db: metered, cost } = counted(db)
      await metered.batch(
        clear(metered, { id: 'era_1', tenantId: 'default' }, { events: [{ id: eventId }], rejectionIds: [] }),
      )
      // The event and its delivery, in one row or in two, and the first of the batch.
      expect(cost.written).toBe(member === second ? 2 : 3)
      for (const { id } of [head, member]) {
        const row = await getDelivery(db, 'default', id)
        expect(row).toMatchObject({ error: id === member.id ? 'erased' : null })
        expect(row?.attemptLog['1']).toMatchObject({ batch, url: '' })
        expect(row?.attemptLog['1']).not.toHaveProperty('responseBody')
      }
      const ids = [apart.id, shared.id]
      const facts = await Promise.all(ids.map(async (id) => (await getEvent(db, 'default', id))?.entityId))
      expect(facts).toEqual(ids.map((id) => (id === eventId ? null : 'a person')))
    }
  })
})
