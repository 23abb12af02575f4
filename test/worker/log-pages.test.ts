import { beforeAll, describe, expect, it } from 'vitest'
import { deliveriesOf, getDelivery, listDeliveries, type DeliveryFilter } from '../../src/db/deliveries.ts'
import { getEvent, listEvents, type EventFilter } from '../../src/db/events.ts'
import { writeLog } from '../../src/db/log-writer.ts'
import { selectForReplay } from '../../src/db/replay-selection.ts'
import type { DeliveryRow, DeliveryStatus, EventRow } from '../../src/model/delivery-log.ts'
import { idSchema, timeOfId, type EndpointId } from '../../src/model/id.ts'
import type { ReplayQuery } from '../../src/model/replay.ts'
import { deliveriesMessage, deliveryRow, ENDPOINT, eventRow, SOURCE, START } from '../support/log-rows.ts'
import { seeded } from '../support/mutation.ts'
import { EMPTY_LOG, openDatabases } from './databases.ts'

const OTHER: EndpointId = 'ep_01K00000000000000000000001'
const STATUSES: [DeliveryStatus, ...DeliveryStatus[]] = [
  'delivered',
  'delivered',
  'delivered',
  'dead',
  'retrying',
  'held',
]
const tenantId = 'default'

let db: D1Database
beforeAll(async () => void ({ logDb: db } = await openDatabases()))

function pick<T>(random: () => number, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0]
}

interface Log {
  events: EventRow[]
  rows: DeliveryRow[]
}

/** Events of a few milliseconds in as many hours, with none to three deliveries each, that came together or one after the other. */
async function fill(random: () => number, count: number): Promise<Log> {
  await db.exec(EMPTY_LOG)
  const events = Array.from({ length: count }, () =>
    eventRow(Math.floor(random() * 24) * 7_000_000, { type: pick(random, ['push', 'pull']) }),
  )
  const rows: DeliveryRow[] = []
  const [apart, together] = [[] as DeliveryRow[], [] as DeliveryRow[]]
  const alone: EventRow[] = []
  for (const { id, type } of events) {
    for (let n = Math.floor(random() * 4); n > 0; n--) {
      const status = pick(random, STATUSES)
      const row = deliveryRow(id, {
        eventType: type,
        endpointId: pick(random, [ENDPOINT, OTHER]),
        status,
        statusCode: status === 'delivered' ? 200 : 500,
        error: random() < 0.5 ? 'x' : null,
        attemptLog: { 1: attempt(random() < 0.1 ? 'needle' : 'hay') },
      })
      rows.push(row)
      pick(random, [apart, together, together]).push(row)
    }
  }
  for (const event of events) if (random() < 0.2) alone.push(event)
  await writeLog(db, [{ kind: 'events', events: alone }])
  await writeLog(db, [deliveriesMessage([], apart)])
  await writeLog(db, [deliveriesMessage(events, together)])
  return { events, rows }
}

const attempt = (responseBody: string) => ({
  at: START,
  durationMs: 1,
  result: 'delivered',
  url: 'https://receiver.example/',
  method: 'POST',
  requestHeaders: [],
  responseBody,
})

interface Page {
  ids: string[]
  next: string | undefined | null
}

/** Every id of the list in its order, by pages of random sizes. */
async function all(
  random: () => number,
  pageOf: (after: string | undefined, limit: number) => Promise<Page>,
) {
  const ids: string[] = []
  let after: string | undefined
  for (let pages = 0; pages < 1_000; pages++) {
    const limit = 1 + Math.floor(random() * 9)
    const page = await pageOf(after, limit)
    expect(page.ids.length).toBeLessThanOrEqual(limit)
    ids.push(...page.ids)
    if (page.next === undefined || page.next === null) return ids
    after = page.next
  }
  throw new Error('the list has no end')
}

const deliveryIds = (random: () => number, filter: DeliveryFilter) =>
  all(random, async (after, limit) => {
    const { rows, next } = await listDeliveries(db, { tenantId, filter, page: { after, limit } })
    if (next !== undefined) expect(idSchema('dlv').safeParse(next).success, next).toBe(true)
    return { ids: rows.map(({ id }) => id), next }
  })

const eventIds = (random: () => number, filter: EventFilter) =>
  all(random, async (after, limit) => {
    const { rows, next } = await listEvents(db, { tenantId, filter, page: { after, limit } })
    return { ids: rows.map(({ id }) => id), next }
  })

const replayIds = (random: () => number, query: Partial<ReplayQuery>) =>
  all(random, async (after, limit) => {
    const { rows, next } = await selectForReplay(db, {
      tenantId,
      query: { from: 0, to: START + 1e9, ...query },
      after: after ?? null,
      limit,
    })
    return { ids: rows.map(({ eventId, delivery }) => delivery?.id ?? eventId), next }
  })

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).toSorted()

function expectOnce(found: readonly string[], wanted: readonly { id: string }[]): void {
  expect(found.toSorted()).toEqual(idsOf(wanted))
}

function expectNewestFirst(found: readonly string[]): void {
  const times = found.map(timeOfId)
  expect(times).toEqual(times.toSorted((a, b) => b - a))
}

describe('a log in which deliveries stand with their events and apart', () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed)

  it.each(seeds)(
    'shows every row once, in pages of any size and under any filter (seed %i)',
    async (seed) => {
      const random = seeded(seed)
      const { events, rows } = await fill(random, 40)
      const from = START + 7_000_000
      const cases: [DeliveryFilter, (row: DeliveryRow) => boolean][] = [
        [{}, () => true],
        [{ endpointId: OTHER }, ({ endpointId }) => endpointId === OTHER],
        [{ eventType: 'pull' }, ({ eventType }) => eventType === 'pull'],
        [{ sourceId: SOURCE, from }, ({ eventId }) => timeOfId(eventId) >= from],
        [{ to: from }, ({ eventId }) => timeOfId(eventId) < from],
        [{ status: 'dead' }, ({ status }) => status === 'dead'],
        [{ status: 'delivered' }, ({ status }) => status === 'delivered'],
        [{ statusCode: { from: 500, to: 599 } }, ({ statusCode }) => statusCode === 500],
        [
          { statusCode: { from: 400, to: 599 }, endpointId: OTHER },
          (row) => row.statusCode === 500 && row.endpointId === OTHER,
        ],
        [{ text: 'NEEDLE' }, ({ attemptLog }) => attemptLog['1']?.responseBody === 'needle'],
        [
          { text: 'needle', endpointId: OTHER },
          (row) => row.attemptLog['1']?.responseBody === 'needle' && row.endpointId === OTHER,
        ],
        [{ eventId: events[0]?.id }, ({ eventId }) => eventId === events[0]?.id],
      ]
      for (const [filter, isWanted] of cases) {
        const found = await deliveryIds(random, filter)
        expectOnce(found, rows.filter(isWanted))
        expectNewestFirst(found)
      }
      const received = await eventIds(random, {})
      expectOnce(received, events)
      expect(received).toEqual(received.toSorted().toReversed())
      expectOnce(
        await eventIds(random, { type: 'pull' }),
        events.filter(({ type }) => type === 'pull'),
      )
    },
  )

  it.each(seeds)('selects every row once for a replay, and reads each by its id (seed %i)', async (seed) => {
    const random = seeded(seed)
    const { events, rows } = await fill(random, 25)
    const replayed = await replayIds(random, {})
    expect(replayed).toEqual(idsOf(events))
    const dead = rows.filter(({ status }) => status === 'dead')
    expectOnce(await replayIds(random, { status: 'dead' }), dead)
    const some = events.slice(0, 5).map(({ id }) => id)
    expectOnce(
      await replayIds(random, { status: 'delivered', eventIds: some }),
      rows.filter(({ eventId, status }) => some.includes(eventId) && status === 'delivered'),
    )
    expectOnce(
      (await deliveriesOf(db, { tenantId, eventIds: some, limit: 9 })).map(({ id }) => id),
      rows.filter(({ eventId }) => some.includes(eventId)),
    )
    for (const row of rows) expect(await getDelivery(db, tenantId, row.id)).toEqual(row)
    for (const event of events) {
      const read = { ...event, country: null, orderingKey: null, erasureId: null }
      expect(await getEvent(db, tenantId, event.id)).toEqual(read)
    }
  })

  it('shows every row once when a page ends amid more than it may look at', { timeout: 60_000 }, async () => {
    const random = seeded(99)
    const { rows } = await fill(random, 1_500)
    const filter = { text: 'needle' }
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await listDeliveries(db, { tenantId, filter, page: { after, limit: 250 } })
      found.push(...page.rows.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expectOnce(
      found,
      rows.filter(({ attemptLog }) => attemptLog['1']?.responseBody === 'needle'),
    )
  })
})
