import { describe, expect, it } from 'vitest'
import type { Attempted } from '../../src/deliver/attempt.ts'
import { eraseEvents } from '../../src/deliver/erase.ts'
import { acknowledge, fetched, open } from '../support/consumer.ts'
import { EndpointWorld } from '../support/endpoint-world.ts'

const OK: { outcome: Attempted['outcome'] } = { outcome: { kind: 'delivered', statusCode: 200 } }
const FAILED: { outcome: Attempted['outcome'] } = {
  outcome: { kind: 'deferred', reason: 'server_error', statusCode: 500 },
}
const ECHO = { responseBody: 'hello, person', responseHeaders: [['x-echo', 'person']] as [string, string][] }
const BATCH = { batch: { maxEvents: 3, maxSeconds: 10 }, retry: { scheduleSeconds: [0, 5, 30] } }

type Accepted = ReturnType<EndpointWorld['accept']>

/** Erases what was accepted at these places. */
function erase(world: EndpointWorld, { batch }: Accepted, ...at: number[]) {
  const { hands } = world.queue
  if (!hands) throw new Error('no endpoint')
  const events = batch.items
    .filter((_, index) => at.includes(index))
    .map(({ segment, index, eventId }) => ({ intake: batch.intake, segment, index, eventId }))
  const done = eraseEvents(hands, { events, batchIds: [] })
  world.queue.drain()
  world.queue.arm()
  return done
}

const statuses = (world: EndpointWorld, { ids }: Accepted) => ids.map((id) => world.log.get(id)?.status)
const told = (world: EndpointWorld) => JSON.stringify([world.queued, [...world.log.values()]])

/** Lets everything come to its end with a kind receiver. */
async function rest(world: EndpointWorld): Promise<void> {
  world.writeLog()
  while (await world.fireAlarm()) {
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
  }
}

describe('an erasure of what is lent', () => {
  it('leaves nothing of an attempt in flight but its result', async () => {
    const world = new EndpointWorld()
    const lent = world.accept(2, [], { mayBorrow: true })
    expect(world.lent.size).toBe(1)
    expect(erase(world, lent, 0)).toEqual({ journalRows: 0, cancelled: 0 })
    for (const each of world.inFlight) await each.answer({ ...OK, ...ECHO })
    await rest(world)
    expect(statuses(world, lent)).toEqual(['delivered', 'delivered'])
    const [erased, other] = lent.ids.map((id) => world.log.get(id)?.attemptLog['1'])
    expect(erased).toMatchObject({ result: 'delivered', url: '', requestHeaders: [] })
    expect(JSON.stringify(erased)).not.toContain('person')
    expect(other?.responseBody).toBe('hello, person')
  })

  it('is written down erased when it fails, and is not sent again', async () => {
    const world = new EndpointWorld({ retry: { scheduleSeconds: [0, 60] } })
    const lent = world.accept(1, [], { mayBorrow: true })
    erase(world, lent, 0)
    await world.inFlight[0]?.answer({ ...FAILED, ...ECHO })
    expect(world.journalRows()).toBe(1)
    expect(world.inputs[0]?.event.head.erased).toBeUndefined()
    world.crash()
    while (world.inFlight.length === 0) expect(await world.fireAlarm()).toBe(true)
    const { head, body } = world.inputs.at(-1)?.event ?? {}
    expect([head?.erased, body?.byteLength]).toEqual([true, 0])
    world.writeLog()
    expect(told(world)).not.toContain('person')
  })

  it('reaches one that was written down while it was tried', async () => {
    const world = new EndpointWorld()
    const lent = world.accept(1, [], { mayBorrow: true })
    await world.fireAlarm()
    expect(erase(world, lent, 0)).toEqual({ journalRows: 1, cancelled: 0 })
    await world.inFlight[0]?.answer({ ...OK, ...ECHO })
    await rest(world)
    expect(statuses(world, lent)).toEqual(['delivered'])
    expect(told(world)).not.toContain('person')
  })
})

describe('an erasure of what goes in batches', () => {
  it('cancels what gathers, and the others go', async () => {
    const world = new EndpointWorld(BATCH)
    const gathered = world.accept(2)
    expect(erase(world, gathered, 0)).toEqual({ journalRows: 1, cancelled: 1 })
    await rest(world)
    expect(world.requests.map(({ ids }) => ids)).toEqual([[gathered.ids[1]]])
    expect(statuses(world, gathered)).toEqual(['cancelled', 'delivered'])
  })

  it('cancels what waits in one that failed, which goes on without it, also after a crash', async () => {
    const world = new EndpointWorld(BATCH)
    const batch = world.accept(3)
    await world.inFlight[0]?.answer({ ...FAILED, ...ECHO })
    expect(erase(world, batch, 1)).toMatchObject({ cancelled: 1 })
    world.loseLog()
    world.crash()
    await rest(world)
    expect(world.requests.map(({ ids }) => ids)).toEqual([batch.ids, [batch.ids[0], batch.ids[2]]])
    expect(statuses(world, batch)).toEqual(['delivered', 'cancelled', 'delivered'])
    expect(told(world)).not.toContain('person')
  })

  it('takes what is in flight out when it fails, and what was answered with it', async () => {
    const world = new EndpointWorld({ ...BATCH, ordering: 'key' })
    const batch = world.accept(3, ['a', 'b', 'a'])
    expect(erase(world, batch, 0)).toMatchObject({ cancelled: 0 })
    await world.inFlight[0]?.answer({ ...FAILED, ...ECHO })
    await rest(world)
    expect(world.requests.map(({ ids }) => ids)).toEqual([batch.ids, batch.ids.slice(1)])
    expect(statuses(world, batch)).toEqual(['cancelled', 'delivered', 'delivered'])
    expect(told(world)).not.toContain('person')
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })

  it('lets what is in flight end with the others, without what was answered', async () => {
    const world = new EndpointWorld(BATCH)
    const batch = world.accept(3)
    erase(world, batch, 2)
    await world.inFlight[0]?.answer({ ...OK, ...ECHO })
    await rest(world)
    expect(statuses(world, batch)).toEqual(['delivered', 'delivered', 'delivered'])
    expect(told(world)).not.toContain('person')
  })

  it('never sends it again after a crash in flight, and ends it as cancelled', async () => {
    const world = new EndpointWorld(BATCH)
    const batch = world.accept(3)
    erase(world, batch, 0)
    world.crash()
    await rest(world)
    const again = world.inputs.at(-1)?.batch?.items.map(({ event }) => event.head.erased ?? false)
    expect(again).toEqual([true, false, false])
    expect(statuses(world, batch)).toEqual(['cancelled', 'delivered', 'delivered'])
    expect(world.log.get(batch.ids[1] ?? 'dlv_')?.attemptLog['1']?.batch).toMatchObject({
      size: 2,
      deliveryId: batch.ids[1],
    })
  })

  it('ends all of one of which everything is erased in flight', async () => {
    const world = new EndpointWorld(BATCH)
    const batch = world.accept(3)
    erase(world, batch, 0, 1, 2)
    await world.inFlight[0]?.answer({ ...FAILED, ...ECHO })
    await rest(world)
    expect(world.requests).toHaveLength(1)
    expect(statuses(world, batch)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(told(world)).not.toContain('person')
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })
})

describe('an erasure of what is polled', () => {
  it('takes back what waits, and leaves of what is leased only how it ended', async () => {
    const world = open()
    const all = world.accept(3)
    expect((await fetched(world, { limit: 1 })).map(([id]) => id)).toEqual([all.ids[0]])
    expect(erase(world, all, 0, 1)).toMatchObject({ cancelled: 1 })
    expect((await fetched(world)).map(([id]) => id)).toEqual([all.ids[2]])
    acknowledge(world, all.ids, { outcome: 'rejected', reason: 'no such person' })
    world.writeLog()
    expect(statuses(world, all)).toEqual(['dead', 'cancelled', 'dead'])
    const said = all.ids.map((id) => world.log.get(id)?.attemptLog['1']?.error)
    expect(said).toEqual([undefined, undefined, 'no such person'])
  })
})
