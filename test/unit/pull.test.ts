import { describe, expect, it } from 'vitest'
import type { PulledMessage } from '../../src/model/pull.ts'
import { acknowledge, fetched, logged, open, poll, PULL } from '../support/consumer.ts'
import { EndpointWorld, START } from '../support/endpoint-world.ts'
import { settled } from '../support/settled.ts'

/** The first message, which there must be. */
async function first(world: EndpointWorld): Promise<PulledMessage> {
  const [message] = (await poll(world)).messages
  if (!message) throw new Error('there is no message')
  return message
}

describe('an endpoint that is polled', () => {
  it('sends nothing, and gives its messages in the order of acceptance', async () => {
    const world = open()
    const { ids } = world.accept(3)
    expect(world.started).toEqual([])
    expect(await fetched(world, { limit: 2 })).toEqual([
      [ids[0], 1],
      [ids[1], 1],
    ])
    expect(await fetched(world)).toEqual([[ids[2], 1]])
    expect(await fetched(world)).toEqual([])
  })

  it('logs an acknowledged message once, with the time that it was leased (I9)', async () => {
    const world = open()
    const { ids } = world.accept(1)
    await poll(world)
    world.now += 1_500
    expect(acknowledge(world, ids)).toEqual(ids)
    expect(acknowledge(world, ids)).toEqual([])
    expect(logged(world, ids[0] ?? 'dlv_')).toMatchObject({
      status: 'delivered',
      attempts: 1,
      attemptLog: { 1: { at: START, durationMs: 1_500, result: 'delivered', method: 'GET' } },
    })
  })

  it('keeps a lease through a crash: nobody else gets the message, and it can be acknowledged', async () => {
    const world = open()
    const { ids } = world.accept(2)
    await poll(world, { limit: 1 })
    world.crash()
    expect(await fetched(world)).toEqual([[ids[1], 1]])
    expect(acknowledge(world, ids)).toEqual(ids)
    world.crash()
    world.now += 3_600_000
    expect(await fetched(world)).toEqual([])
  })

  it('never gives again what was acknowledged, though no log has it (I2)', async () => {
    const world = open()
    const { ids } = world.accept(3)
    await poll(world)
    acknowledge(world, ids.slice(0, 2))
    world.loseLog()
    world.crash()
    world.now += 30_000
    while (world.alarmAt !== undefined && world.alarmAt <= world.now + 60_000) {
      await world.fireAlarm()
      world.writeLog()
    }
    world.now += 60_000
    expect(await fetched(world)).toEqual([[ids[2], 2]])
    expect(ids.slice(0, 2).map((id) => world.log.get(id)?.status)).toEqual(['delivered', 'delivered'])
  })

  it('sleeps while messages are leased, and wakes when the lease ends (I4)', async () => {
    const world = open()
    world.accept(1)
    await world.fireAlarm()
    world.writeLog()
    while (world.queue.nextWakeAt() !== undefined) {
      await world.fireAlarm()
      world.writeLog()
    }
    const leasedAt = world.now
    await poll(world, { visibilityMs: 600_000 })
    expect(world.queue.nextWakeAt(), 'to be shown').toBe(leasedAt + 30_000)
    while ((world.queue.nextWakeAt() ?? Infinity) < leasedAt + 600_000) {
      await world.fireAlarm()
      world.writeLog()
    }
    expect(world.queue.nextWakeAt()).toBe(leasedAt + 600_000)
    expect(world.now).toBeLessThan(leasedAt + 60_000)
  })

  it('shows what is leased for long as pending, and nothing of a short lease before its end', async () => {
    const world = open()
    const { ids } = world.accept(2)
    await poll(world, { limit: 1, visibilityMs: 3_600_000 })
    await poll(world, { limit: 1, visibilityMs: 20_000 })
    world.now += 31_000
    await world.fireAlarm()
    await world.fireAlarm()
    world.writeLog()
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(['pending', 'retrying'])
  })

  it('takes the end of a lease for a failed attempt, and gives up by the schedule (I6)', async () => {
    const world = open({ retry: { scheduleSeconds: [0, 60] } })
    const { ids } = world.accept(1)
    const [id = 'dlv_'] = ids
    await poll(world)
    world.now = START + 30_000
    await world.fireAlarm()
    expect(logged(world, id)).toMatchObject({
      status: 'retrying',
      attempts: 1,
      error: 'not_acknowledged: Not acknowledged within 30 s.',
    })
    expect(acknowledge(world, ids), 'the lease is over').toEqual([])
    expect(await fetched(world), 'not due yet (I7)').toEqual([])
    world.now += 63_000
    expect(await fetched(world)).toEqual([[id, 2]])
    world.now += 30_000
    expect(await fetched(world), 'given up').toEqual([])
    expect(logged(world, id)).toMatchObject({
      status: 'dead',
      attempts: 2,
      error: expect.stringContaining('exhausted: not_acknowledged'),
    })
    expect(Object.keys(world.log.get(id)?.attemptLog ?? {})).toEqual(['1', '2'])
  })

  it('counts a lease that ended once, also when the object dies right after', async () => {
    const world = open({ retry: { scheduleSeconds: [0, 10, 10] } })
    const { ids } = world.accept(1)
    await poll(world)
    world.now += 30_000
    await world.fireAlarm()
    world.crash()
    world.now += 20_000
    expect(await fetched(world)).toEqual([[ids[0], 2]])
  })

  it('ends a message that the consumer rejects, with its words', async () => {
    const world = open()
    const { ids } = world.accept(1)
    await poll(world)
    acknowledge(world, ids, { outcome: 'rejected', reason: 'no such customer' })
    expect(logged(world, ids[0] ?? 'dlv_')).toMatchObject({
      status: 'dead',
      error: 'consumer_rejected: no such customer',
    })
  })

  it('gives a message again when the consumer asks for it, not before it says', async () => {
    const world = open({ retry: { scheduleSeconds: [0, 1, 1] } })
    const { ids } = world.accept(1)
    await poll(world)
    acknowledge(world, ids, { outcome: 'retry', retryAfterMs: 90_000 })
    expect(logged(world, ids[0] ?? 'dlv_')?.status).toBe('retrying')
    world.now += 89_000
    expect(await fetched(world)).toEqual([])
    world.now += 2_000
    expect(await fetched(world)).toEqual([[ids[0], 2]])
  })
})

describe('settings and people', () => {
  it('holds everything while the endpoint is paused (I8)', async () => {
    const world = open()
    const { ids } = world.accept(2)
    await poll(world, { limit: 1 })
    world.configure({ ...PULL, state: 'paused' })
    expect(await fetched(world)).toEqual([])
    expect(acknowledge(world, ids)).toEqual(ids.slice(0, 1))
    world.configure(PULL)
    expect(await fetched(world)).toEqual([[ids[1], 1]])
  })

  it('does not cancel what is leased, and gives at once what a person retries', async () => {
    const world = open()
    const accepted = world.accept(1)
    await poll(world)
    const ref = EndpointWorld.refOf(accepted)
    expect(world.queue.order('cancel', ref)).toEqual({ kind: 'sending' })
    acknowledge(world, accepted.ids, { outcome: 'retry', retryAfterMs: 3_600_000 })
    expect(world.queue.order('retry', ref)).toEqual({ kind: 'done' })
    expect(await fetched(world)).toEqual([[accepted.ids[0], 2]])
  })

  it('holds back what is not due', async () => {
    const world = open()
    const { ids } = world.accept(1, [], { deliverAt: START + 60_000 })
    expect(await fetched(world)).toEqual([])
    world.now = START + 60_000
    expect(await fetched(world)).toEqual([[ids[0], 1]])
  })

  it('sends what is left when it becomes a push endpoint, what is leased only when its lease ends', async () => {
    const world = open({ retry: { scheduleSeconds: [0, 0] } })
    const { ids } = world.accept(2)
    await poll(world, { limit: 1 })
    world.configure({ mode: 'push', retry: { scheduleSeconds: [0, 0] } })
    expect(world.started.map(({ id, attempt }) => [id, attempt])).toEqual([[ids[1], 1]])
    world.now += 30_000
    await world.fireAlarm()
    expect(world.started.map(({ id, attempt }) => [id, attempt]).at(-1)).toEqual([ids[0], 2])
  })

  it('cancels what is leased when the endpoint is deleted, after its lease', async () => {
    const world = open()
    const { ids } = world.accept(1)
    await poll(world)
    const { endpoint } = world.queue
    if (endpoint) world.queue.remove(endpoint)
    world.now += 30_000
    await world.fireAlarm()
    expect(logged(world, ids[0] ?? 'dlv_')?.status).toBe('cancelled')
  })

  it('tells nobody that a consumer is silent', async () => {
    const world = open({ retry: { scheduleSeconds: [0, 0] }, circuit: { failures: 1, failingSeconds: 0 } })
    world.accept(30)
    for (let i = 0; i < 2; i++) {
      await poll(world)
      world.now += 30_000
    }
    await poll(world)
    expect(world.notices).toEqual([])
  })
})

describe('a consumer that waits', () => {
  it('gets what is accepted meanwhile, and leaves no timer', async () => {
    const world = open()
    const waiting = fetched(world, { waitMs: 10_000 })
    await settled()
    expect(world.timers.map(({ at }) => at)).toEqual([START + 10_000])
    const { ids } = world.accept(1)
    expect(await waiting).toEqual([[ids[0], 1]])
    expect(world.timers).toEqual([])
  })

  it('gets what becomes due meanwhile', async () => {
    const world = open({ retry: { scheduleSeconds: [0, 2] } })
    const { ids } = world.accept(1)
    await poll(world)
    acknowledge(world, ids, { outcome: 'retry' })
    const waiting = fetched(world, { waitMs: 10_000 })
    await settled()
    const [timer] = world.timers
    world.now = timer?.at ?? 0
    expect(world.now).toBeLessThan(START + 3_000)
    timer?.callback()
    expect(await waiting).toEqual([[ids[0], 2]])
  })

  it('gets nothing when its time is over', async () => {
    const world = open()
    const waiting = fetched(world, { waitMs: 10_000 })
    await settled()
    world.now += 10_000
    world.timers[0]?.callback()
    expect(await waiting).toEqual([])
  })
})

describe('what cannot be made for a consumer', () => {
  it('ends as an attempt would, and the next comes in its place', async () => {
    const world = open({ ordering: 'endpoint' })
    const { ids } = world.accept(2)
    const make = world.message
    world.message = async (input, endpoint) => {
      if (input.deliveryId !== ids[0]) return await make(input, endpoint)
      const outcome = { kind: 'refused', reason: 'payload_missing', detail: 'gone' } as const
      const record = { at: START, durationMs: 0, result: 'payload_missing', url: '', method: 'GET' }
      return { ok: false, error: { outcome, record: { ...record, requestHeaders: [], error: 'gone' } } }
    }
    expect(await fetched(world)).toEqual([[ids[1], 1]])
    expect(logged(world, ids[0] ?? 'dlv_')).toMatchObject({ status: 'dead', error: 'payload_missing: gone' })
  })

  it('counts no attempt when it is our own fault', async () => {
    const world = open()
    const { ids } = world.accept(1)
    const make = world.message
    world.message = () => Promise.reject(new Error('a fault of ours'))
    await expect(poll(world)).rejects.toThrow('a fault of ours')
    world.message = make
    expect((await first(world)).attempt).toBe(1)
    expect(acknowledge(world, ids)).toEqual(ids)
  })
})

describe('batches of what is polled', () => {
  const BATCH = { batch: { maxEvents: 3, maxSeconds: 5 }, retry: { scheduleSeconds: [0, 1] } }

  it('are one message, also after a crash, and end together', async () => {
    const world = open(BATCH)
    const { ids } = world.accept(3)
    const { messages } = await poll(world)
    expect(messages.map(({ id }) => id)).toEqual([expect.stringMatching(/^bat_/)])
    world.crash()
    expect(await fetched(world)).toEqual([])
    const [batch] = messages.map(({ id }) => id)
    expect(acknowledge(world, batch ? [batch] : [])).toEqual([batch])
    world.crash()
    world.now += 60_000
    expect(await fetched(world)).toEqual([])
    for (let i = 0; i < 5; i++) {
      await world.fireAlarm()
      world.writeLog()
    }
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(['delivered', 'delivered', 'delivered'])
  })

  it('come again as the same message when nobody acknowledges them', async () => {
    const world = open(BATCH)
    world.accept(3)
    const [first] = await fetched(world)
    world.now += 30_000
    await world.fireAlarm()
    world.crash()
    world.now += 2_000
    expect(await fetched(world)).toEqual([[first?.[0], 2]])
  })
})
