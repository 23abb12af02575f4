import { describe, expect, it } from 'vitest'
import { EndpointWorld, START } from '../support/endpoint-world.ts'

const OK = { outcome: { kind: 'delivered', statusCode: 200 } } as const
const { refOf } = EndpointWorld

async function rest(world: EndpointWorld): Promise<void> {
  world.writeLog()
  while (await world.fireAlarm()) {
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
  }
}

describe('a delivery with a time of its own', () => {
  it('is made then and not before (I7), and passes nobody and holds up nobody', async () => {
    const world = new EndpointWorld()
    const later = world.accept(1, [], { deliverAt: START + 60_000 })
    const now = world.accept(1)
    expect(world.started.map(({ id }) => id)).toEqual(now.ids)
    world.crash()
    await rest(world)
    expect(world.started.find(({ id }) => id === later.ids[0])).toMatchObject({
      attempt: 1,
      at: START + 60_000,
    })
    expect([...world.log.values()].map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })

  it('is shown as pending with its time while it waits', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(1, [], { deliverAt: START + 60_000 })
    await world.fireAlarm()
    world.writeLog()
    expect(world.log.get(ids[0] ?? 'dlv_')).toMatchObject({
      status: 'pending',
      attempts: 0,
      nextAttemptAt: START + 60_000,
    })
  })

  it('keeps back its ordering key and no other', async () => {
    const world = new EndpointWorld({ ordering: 'key' })
    const later = world.accept(1, ['a'], { deliverAt: START + 60_000 })
    const [behind, beside] = world.accept(2, ['a', 'b']).ids
    expect(world.started.map(({ id }) => id)).toEqual([beside])
    await rest(world)
    expect(world.started.map(({ id }) => id)).toEqual([beside, later.ids[0], behind])
  })

  it('keeps back a whole endpoint that is one order', async () => {
    const world = new EndpointWorld({ ordering: 'endpoint' })
    const ids = [...world.accept(1, [], { deliverAt: START + 60_000 }).ids, ...world.accept(1).ids]
    expect(world.started).toEqual([])
    await rest(world)
    expect(world.started.map(({ id }) => id)).toEqual(ids)
  })

  it('is made at once when it is retried by hand, and never when it is cancelled', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(2, [], { deliverAt: START + 60_000 })
    expect(world.queue.order('retry', refOf(accepted, 0))).toEqual({ kind: 'done' })
    expect(world.queue.order('cancel', refOf(accepted, 1))).toEqual({ kind: 'done' })
    expect(world.started).toEqual([{ id: accepted.ids[0], attempt: 1, at: START }])
    await rest(world)
    expect(world.started).toHaveLength(1)
  })

  it('is cancelled with its endpoint', async () => {
    const world = new EndpointWorld({ ordering: 'key' })
    world.accept(1, ['a'], { deliverAt: START + 60_000 })
    world.accept(2, ['a', 'a'])
    const { endpoint } = world.queue
    if (endpoint) world.queue.remove(endpoint)
    await rest(world)
    expect(world.now).toBeLessThan(START + 60_000)
    expect([...world.log.values()].map(({ status }) => status)).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
    ])
  })
})

describe('an endpoint with a delay', () => {
  it('gets each event that long after its receipt, in order and without a row for each', async () => {
    const world = new EndpointWorld({ delaySeconds: 30 })
    const first = world.accept(2)
    world.now += 10_000
    const second = world.accept(1)
    expect(world.started).toEqual([])
    await rest(world)
    expect(world.started.map(({ id, at }) => [id, at])).toEqual([
      [first.ids[0], START + 30_000],
      [first.ids[1], START + 30_000],
      [second.ids[0], START + 40_000],
    ])
  })

  it('gets replays and retries by hand at once', async () => {
    const world = new EndpointWorld({ delaySeconds: 30 })
    const accepted = world.accept(2)
    world.queue.order('retry', refOf(accepted, 1))
    expect(world.started.map(({ id, at }) => [id, at])).toEqual([[accepted.ids[1], START]])
    await rest(world)
    const { now } = world
    world.acceptAgain(accepted, { origin: 'replay', class: 'replay', triedBefore: 1 })
    expect(world.started.at(-1)).toMatchObject({ id: accepted.ids[0], attempt: 2, at: now })
  })

  it('holds back no replay and no retry of its own while it waits', async () => {
    const world = new EndpointWorld({ delaySeconds: 30, retry: { scheduleSeconds: [0, 1] } })
    world.accept(1)
    while (world.inFlight.length === 0) await world.fireAlarm()
    await world.inFlight[0]?.answer({
      outcome: { kind: 'deferred', reason: 'server_error', statusCode: 500 },
    })
    world.accept(1)
    while (world.inFlight.length === 0) await world.fireAlarm()
    expect(world.started.at(-1)).toMatchObject({ attempt: 2 })
    expect(world.now).toBeLessThan(START + 35_000)
  })
})
