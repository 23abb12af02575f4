import { describe, expect, it } from 'vitest'
import type { Attempted } from '../../src/deliver/attempt.ts'
import { EndpointWorld } from '../support/endpoint-world.ts'

const OK = { outcome: { kind: 'delivered', statusCode: 200 } } as const
const FAIL: { outcome: Attempted['outcome'] } = {
  outcome: { kind: 'deferred', reason: 'server_error', statusCode: 500 },
}
const LEND = { mayBorrow: true }

function first<T>([id]: readonly T[]): T {
  if (id === undefined) throw new Error('nothing was accepted')
  return id
}

const finish = async (world: EndpointWorld) => {
  while (await world.fireAlarm()) world.writeLog()
}

describe('a delivery that is lent', () => {
  it('is tried at once and costs no row of the journal when it succeeds', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(3, [], LEND)
    expect(world.started.map(({ id }) => id)).toEqual(ids)
    expect([...world.lent.keys()]).toEqual([1])
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
    expect(world.lent.size).toBe(0)
    await finish(world)
    expect(world.journalRows()).toBe(0)
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(['delivered', 'delivered', 'delivered'])
  })

  it('stays with the intake until the log has its outcome, and comes again after a crash before that (I1, I2)', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(1, [], LEND)
    await world.inFlight[0]?.answer(OK)
    expect(world.lent.size).toBe(1)
    world.crash()
    expect(world.started.map(({ id, attempt }) => [id, attempt])).toEqual([
      [ids[0], 1],
      [ids[0], 1],
    ])
    await world.inFlight[0]?.answer(OK)
    await finish(world)
    expect(world.lent.size).toBe(0)
    expect(world.log.get(first(ids))?.status).toBe('delivered')
  })

  it('is written down when it fails, and tried again after a crash at its time (I2, I7)', async () => {
    const world = new EndpointWorld({ retry: { scheduleSeconds: [0, 60] } })
    const { ids } = world.accept(1, [], LEND)
    const failedAt = world.now
    await world.inFlight[0]?.answer(FAIL)
    expect(world.lent.size).toBe(0)
    world.crash()
    while (world.started.length === 1) await world.fireAlarm()
    expect(world.started[1]).toMatchObject({ id: ids[0], attempt: 2 })
    expect(world.now - failedAt).toBeGreaterThanOrEqual(60_000)
    await world.inFlight[0]?.answer(OK)
    await finish(world)
    expect(world.log.get(first(ids))).toMatchObject({ status: 'delivered', attempts: 2 })
  })

  it('is written down when its attempt takes long, and is not started twice (I2)', async () => {
    const world = new EndpointWorld()
    world.accept(1, [], LEND)
    await world.fireAlarm()
    expect(world.lent.size).toBe(0)
    const later = world.accept(2)
    expect(world.started).toHaveLength(3)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    await finish(world)
    expect(world.started).toHaveLength(3)
    expect(later.ids.map((id) => world.log.get(id)?.status)).toEqual(['delivered', 'delivered'])
  })

  it('starts again after a crash in the middle of a long attempt (I2)', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(1, [], LEND)
    await world.fireAlarm()
    world.crash()
    expect(world.started.map(({ id }) => id)).toEqual([ids[0], ids[0]])
  })

  it('is recognised when it is handed over again, in flight and afterwards (I1)', async () => {
    const world = new EndpointWorld()
    const { batch } = world.accept(2, [], LEND)
    expect(world.queue.accept(batch)).toEqual([1])
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
    expect(world.queue.accept(batch)).toEqual([])
    expect(world.started).toHaveLength(2)
  })

  it('is tried once more by a replay, but not while it is under way', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(1, [], LEND)
    world.acceptAgain(accepted, { origin: 'rpl_a' })
    expect(world.started).toHaveLength(1)
    await world.inFlight[0]?.answer(OK)
    world.acceptAgain(accepted, { origin: 'rpl_b', triedBefore: 1 })
    expect(world.started.map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  it.each([
    ['ordered endpoint', { ordering: 'endpoint' }],
    ['endpoint that orders by key', { ordering: 'key' }],
    ['paused endpoint', { state: 'paused' }],
    ['endpoint with a rate', { rateLimit: { limit: 1, periodSeconds: 1 } }],
    ['endpoint that delays', { delaySeconds: 5 }],
  ])('is never lent to an %s', (_, settings) => {
    const world = new EndpointWorld(settings)
    world.accept(1, [], LEND)
    expect(world.lent.size).toBe(0)
  })

  it('waits for a place without a row, and starts in the order of acceptance', async () => {
    const world = new EndpointWorld({ concurrency: 2 })
    const { ids } = world.accept(3, [], LEND)
    const more = world.accept(1, [], LEND)
    expect([...world.lent.keys()]).toEqual([1, 2])
    expect(world.inFlight).toHaveLength(2)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    expect(world.started.map(({ id }) => id)).toEqual([...ids, ...more.ids])
    world.writeLog()
    expect(world.lent.size).toBe(0)
    await finish(world)
    expect(world.journalRows()).toBe(0)
  })

  it('is not lent when many wait, and never passes what the journal has', async () => {
    const world = new EndpointWorld({ concurrency: 2 })
    world.accept(14, [], LEND)
    expect(world.lent.size).toBe(1)
    const { ids } = world.accept(1, [], LEND)
    const later = world.accept(1, [], LEND)
    expect(world.lent.size).toBe(1)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    expect(world.started.slice(-2).map(({ id }) => id)).toEqual([...ids, ...later.ids])
  })

  it('is passed by what is urgent', async () => {
    const world = new EndpointWorld({ concurrency: 1 })
    const { ids } = world.accept(3, [], LEND)
    const urgent = world.accept(1, [], { class: 'high' })
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    expect(world.started.map(({ id }) => id)).toEqual([ids[0], ...urgent.ids, ids[1], ids[2]])
  })

  it('is written down when it waits long, and starts once', async () => {
    const world = new EndpointWorld({ concurrency: 1 })
    const { ids } = world.accept(3, [], LEND)
    await world.fireAlarm()
    expect(world.lent.size).toBe(0)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    await finish(world)
    expect(world.started.map(({ id }) => id)).toEqual(ids)
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(['delivered', 'delivered', 'delivered'])
  })

  it('comes again after a crash while it waited (I1, I2)', async () => {
    const world = new EndpointWorld({ concurrency: 1 })
    const { ids } = world.accept(2, [], LEND)
    world.crash()
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    expect(world.started.map(({ id }) => id)).toEqual([ids[0], ids[0], ids[1]])
  })

  it('waits for a resume in the journal', async () => {
    const world = new EndpointWorld({ concurrency: 1 })
    const { ids } = world.accept(2, [], LEND)
    world.configure({ concurrency: 1, state: 'paused' })
    await world.inFlight[0]?.answer(OK)
    await world.fireAlarm()
    await world.fireAlarm()
    world.writeLog()
    expect(world.lent.size).toBe(0)
    expect(world.log.get(ids[1] ?? 'dlv_')?.status).toBe('held')
    world.configure({ concurrency: 1 })
    expect(world.started.map(({ id }) => id)).toEqual(ids)
  })
})
