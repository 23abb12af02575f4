import { describe, expect, it } from 'vitest'
import type { Attempted } from '../../src/deliver/attempt.ts'
import { EndpointWorld, START } from '../support/endpoint-world.ts'

const OK: Pick<Attempted, 'outcome'> = { outcome: { kind: 'delivered', statusCode: 200 } }
const FAILED: Pick<Attempted, 'outcome'> = {
  outcome: { kind: 'deferred', reason: 'server_error', statusCode: 500 },
}
const BATCH = { batch: { maxEvents: 3, maxSeconds: 10 }, retry: { scheduleSeconds: [0, 5, 30] } }
const { refOf } = EndpointWorld

/** Lets everything come to its end with a kind receiver. */
async function rest(world: EndpointWorld): Promise<void> {
  world.writeLog()
  while (await world.fireAlarm()) {
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
  }
}

function sentIds(world: EndpointWorld): string[][] {
  return world.requests.map(({ ids }) => ids)
}

describe('a batch', () => {
  it('goes when it is full', async () => {
    const world = new EndpointWorld(BATCH)
    const { ids } = world.accept(2)
    expect(world.requests).toEqual([])
    const more = world.accept(5).ids
    expect(sentIds(world)).toEqual([
      [...ids, more[0]],
      [more[1], more[2], more[3]],
    ])
    await rest(world)
    expect(sentIds(world).at(-1)).toEqual([more[4]])
    expect([...world.log.values()].map(({ status }) => status)).toEqual(
      Array.from({ length: 7 }, () => 'delivered'),
    )
  })

  it('goes so long after its first event was received, by one alarm for all of them', async () => {
    const world = new EndpointWorld(BATCH)
    const first = world.accept(1).ids
    expect(world.alarmAt).toBe(START + 10_000)
    world.now += 4_000
    const second = world.accept(1).ids
    expect(world.alarmAt).toBe(START + 10_000)
    await world.fireAlarm()
    expect(sentIds(world)).toEqual([[...first, ...second]])
    expect(world.requests[0]?.at).toBe(START + 10_000)
  })

  it('counts its window from the receipt after an eviction too', async () => {
    const world = new EndpointWorld(BATCH)
    const { ids } = world.accept(2)
    world.now += 6_000
    world.crash()
    expect(world.requests).toEqual([])
    expect(world.queue.nextWakeAt()).toBe(START + 10_000)
    await world.fireAlarm()
    expect(sentIds(world)).toEqual([ids])
  })

  it('stays what it is when it fails, over retries and crashes, whatever comes meanwhile (I12)', async () => {
    const world = new EndpointWorld(BATCH)
    const { ids } = world.accept(3)
    const [{ batchId } = {}] = world.requests
    world.accept(1)
    world.crash()
    await world.inFlight[0]?.answer(FAILED)
    world.crash()
    await rest(world)
    const own = world.requests.filter((each) => each.ids.includes(ids[0] ?? 'dlv_'))
    expect(own.map((each) => each.ids)).toEqual([ids, ids, ids])
    expect(own.map((each) => each.attempt)).toEqual([1, 1, 2])
    expect(new Set(own.map((each) => each.batchId))).toEqual(new Set([batchId]))
  })

  it('is repeated as it was when the outcome of only a part of it was durable', async () => {
    const world = new EndpointWorld({ batch: { maxEvents: 180, maxSeconds: 10 } })
    const { ids } = world.accept(180)
    // The log is told in three messages, of which the last is too small for a row.
    await world.inFlight[0]?.answer(OK)
    world.writeLog(1)
    world.crash()
    await rest(world)
    expect(sentIds(world)).toEqual([ids, ids])
    world.crash()
    await rest(world)
    expect(world.requests).toHaveLength(2)
  })

  it('has one outcome, which the record of each of its deliveries names', async () => {
    const world = new EndpointWorld(BATCH)
    const { ids } = world.accept(3)
    await world.inFlight[0]?.answer({ ...FAILED, responseBody: 'x'.repeat(5_000) })
    world.writeLog()
    const rows = ids.map((id) => world.log.get(id))
    const batch = { id: world.requests[0]?.batchId, size: 3, deliveryId: ids[0] }
    for (const row of rows) {
      expect(row).toMatchObject({ status: 'retrying', attempts: 1, nextAttemptAt: START + 5_000 + 250 })
      expect(row?.attemptLog['1']?.batch).toEqual(batch)
    }
    expect(rows.map((row) => row?.attemptLog['1']?.responseBody?.length)).toEqual([
      5_000,
      undefined,
      undefined,
    ])
  })

  it('tells the log of attempts that a crash took before they were written', async () => {
    const world = new EndpointWorld(BATCH)
    const { ids } = world.accept(3)
    await world.inFlight[0]?.answer(FAILED)
    world.crash()
    while (world.inFlight.length === 0) await world.fireAlarm()
    await world.inFlight[0]?.answer(FAILED)
    world.loseLog()
    world.crash()
    await rest(world)
    for (const id of ids) expect(Object.keys(world.log.get(id)?.attemptLog ?? {})).toEqual(['1', '2', '3'])
  })

  it('is one place and one token of the rate', () => {
    const world = new EndpointWorld({ ...BATCH, rateLimit: { limit: 2, periodSeconds: 60 } })
    world.accept(9)
    expect(world.requests).toHaveLength(2)
  })

  it('takes what a pause held in full batches', async () => {
    const world = new EndpointWorld({ ...BATCH, state: 'paused' })
    world.accept(2)
    world.accept(5)
    world.now += 60_000
    world.configure(BATCH)
    await rest(world)
    expect(sentIds(world).map((each) => each.length)).toEqual([3, 3, 1])
  })

  it('goes with the settings that came while it gathered', () => {
    const world = new EndpointWorld({ batch: { maxEvents: 100, maxSeconds: 3_600 } })
    const { ids } = world.accept(4)
    world.configure({ batch: { maxEvents: 2, maxSeconds: 3_600 } })
    expect(sentIds(world)).toEqual([ids.slice(0, 2), ids.slice(2)])
    const alone = world.accept(1).ids
    world.configure({})
    expect(world.requests.at(-1)).toMatchObject({ ids: alone, batchId: undefined })
  })
})

describe('the order of a batch', () => {
  it('lets no event of a key pass another, and keeps back only the keys that it has (I5)', async () => {
    const world = new EndpointWorld({ ...BATCH, ordering: 'key' })
    const { ids } = world.accept(3, ['a', 'b', 'a'])
    const [behind, beside, besides] = world.accept(3, ['b', 'c', 'c']).ids
    world.now += 10_000
    world.queue.drain()
    expect(sentIds(world)).toEqual([ids, [beside, besides]])
    await world.inFlight[0]?.answer(FAILED)
    await world.inFlight[0]?.answer(OK)
    await rest(world)
    expect(sentIds(world).slice(2)).toEqual([ids, [behind]])
  })

  it('sends batches one after another where the endpoint is one order', async () => {
    const world = new EndpointWorld({ ...BATCH, ordering: 'endpoint' })
    const { ids } = world.accept(6)
    expect(sentIds(world)).toEqual([ids.slice(0, 3)])
    await world.inFlight[0]?.answer(FAILED)
    expect(world.requests).toHaveLength(1)
    await rest(world)
    expect(sentIds(world)).toEqual([ids.slice(0, 3), ids.slice(0, 3), ids.slice(3)])
  })

  it('blocks its keys as a whole until a person retries one of it', async () => {
    const world = new EndpointWorld({
      ...BATCH,
      ordering: 'key',
      onExhausted: 'block',
      retry: { preset: 'none' },
    })
    const accepted = world.accept(3, ['a', 'b', 'b'])
    await world.inFlight[0]?.answer(FAILED)
    const behind = world.accept(1, ['b']).ids
    await rest(world)
    expect(world.requests).toHaveLength(1)
    expect(world.log.get(accepted.ids[2] ?? 'dlv_')?.status).toBe('dead')
    expect(world.queue.order('retry', refOf(accepted, 1))).toEqual({ kind: 'done' })
    await world.inFlight[0]?.answer(OK)
    await rest(world)
    expect(sentIds(world)).toEqual([accepted.ids, accepted.ids, behind])
  })
})

describe('a person and a batch', () => {
  it('makes all of it due with one retry', async () => {
    const world = new EndpointWorld(BATCH)
    const accepted = world.accept(3)
    await world.inFlight[0]?.answer(FAILED)
    expect(world.queue.order('retry', refOf(accepted, 2))).toEqual({ kind: 'done' })
    expect(world.requests.map(({ ids, at }) => ({ ids, at }))).toEqual([
      { ids: accepted.ids, at: START },
      { ids: accepted.ids, at: START },
    ])
  })

  it('takes one out, and the others go on under another id', async () => {
    const world = new EndpointWorld(BATCH)
    const accepted = world.accept(3)
    expect(world.queue.order('cancel', refOf(accepted, 0))).toEqual({ kind: 'sending' })
    await world.inFlight[0]?.answer(FAILED)
    expect(world.queue.order('cancel', refOf(accepted, 0))).toEqual({ kind: 'done' })
    world.crash()
    await rest(world)
    expect(sentIds(world)).toEqual([accepted.ids, accepted.ids.slice(1)])
    expect(world.requests[1]?.batchId).not.toBe(world.requests[0]?.batchId)
    expect(world.log.get(accepted.ids[0] ?? 'dlv_')?.status).toBe('cancelled')
  })

  it('cancels or hastens what only gathers', async () => {
    const world = new EndpointWorld(BATCH)
    const accepted = world.accept(2)
    expect(world.queue.order('cancel', refOf(accepted, 0))).toEqual({ kind: 'done' })
    expect(world.queue.order('retry', refOf(accepted, 1))).toEqual({ kind: 'done' })
    expect(sentIds(world)).toEqual([accepted.ids.slice(1)])
    await rest(world)
    expect(world.log.get(accepted.ids[0] ?? 'dlv_')?.status).toBe('cancelled')
  })

  it('takes all of it back with the endpoint', async () => {
    const world = new EndpointWorld({ ...BATCH, ordering: 'key' })
    world.accept(3, ['a', 'a', 'b'])
    await world.inFlight[0]?.answer(FAILED)
    world.accept(2, ['a', 'c'])
    const { endpoint } = world.queue
    if (endpoint) world.queue.remove(endpoint)
    await rest(world)
    expect([...world.log.values()].map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, () => 'cancelled'),
    )
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })
})

describe('an aggregate', () => {
  const aggregate = (key: string | null) => ({ aggregate: [key, 3, 10] as [string | null, number, number] })

  it('is made of the events with the same key', async () => {
    const world = new EndpointWorld()
    const [a, b] = [world.accept(2, [], aggregate('a')).ids, world.accept(1, [], aggregate('b')).ids]
    const plain = world.accept(1).ids
    expect(sentIds(world)).toEqual([plain])
    const full = world.accept(1, [], aggregate('a')).ids
    expect(sentIds(world)).toEqual([plain, [...a, ...full]])
    await world.fireAlarm()
    await rest(world)
    expect(sentIds(world)).toEqual([plain, [...a, ...full], b])
    expect(world.requests.map(({ batchId }) => batchId !== undefined)).toEqual([false, true, true])
  })

  it('does not let an event pass one of its ordering key that gathers elsewhere (I5)', async () => {
    const world = new EndpointWorld({ ordering: 'key' })
    const first = world.accept(1, ['k'], aggregate('a')).ids
    const second = world.accept(1, ['k'], aggregate('b')).ids
    expect(sentIds(world)).toEqual([first])
    const third = world.accept(1, ['k'], aggregate('a')).ids
    await rest(world)
    expect(sentIds(world)).toEqual([first, second, third])
  })

  it('that gathers for more than a minute is listed as pending', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(1, [], { aggregate: [null, 3, 3_600] })
    world.queue.tick()
    world.queue.drain()
    world.queue.order('cancel', refOf(world.accept(1), 0))
    world.writeLog()
    expect(world.log.get(ids[0] ?? 'dlv_')?.status).toBe('pending')
  })
})
