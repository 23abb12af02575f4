import { describe, expect, it } from 'vitest'
import { EndpointWorld, START } from '../support/endpoint-world.ts'

const OK = { outcome: { kind: 'delivered', statusCode: 200 } } as const
const FAIL = { outcome: { kind: 'deferred', reason: 'server_error', statusCode: 500 } } as const

describe('the queue of one endpoint', () => {
  it('delivers in the order of acceptance and logs each once (I9)', async () => {
    const world = new EndpointWorld({ ordering: 'endpoint' })
    const { ids } = world.accept(3)
    for (const id of ids) {
      expect(world.inFlight.map((each) => each.id)).toEqual([id])
      await world.inFlight[0]?.answer(OK)
    }
    world.writeLog()
    expect([...world.log.values()].map(({ status, attempts }) => [status, attempts])).toEqual(
      ids.map(() => ['delivered', 1]),
    )
  })

  it('tries again at the times of the schedule with the same id (I3, I7)', async () => {
    const world = new EndpointWorld({ retry: { preset: 'crm' } })
    const { ids } = world.accept(1)
    await world.inFlight[0]?.answer(FAIL)
    while (world.inFlight.length === 0) await world.fireAlarm()
    await world.inFlight[0]?.answer(FAIL)
    while (world.inFlight.length === 0) await world.fireAlarm()
    await world.inFlight[0]?.answer(OK)
    // The wait of 60 s and of 300 s, each with half of its 10 % jitter.
    expect(world.started).toEqual([
      { id: ids[0], attempt: 1, at: START },
      { id: ids[0], attempt: 2, at: START + 63_000 },
      { id: ids[0], attempt: 3, at: START + 63_000 + 315_000 },
    ])
  })

  it('gives a delivery up when its schedule is used up', async () => {
    const world = new EndpointWorld({ retry: { scheduleSeconds: [0, 1] } })
    const { ids } = world.accept(1)
    await world.inFlight[0]?.answer(FAIL)
    while (world.inFlight.length === 0) await world.fireAlarm()
    await world.inFlight[0]?.answer(FAIL)
    world.writeLog()
    expect(world.log.get(ids[0] ?? 'dlv_')).toMatchObject({
      status: 'dead',
      attempts: 2,
      error: expect.stringContaining('exhausted'),
    })
    expect(Object.keys(world.log.get(ids[0] ?? 'dlv_')?.attemptLog ?? {})).toEqual(['1', '2'])
  })

  it('recognises a hand-over that is repeated, even after a crash (I1)', () => {
    const world = new EndpointWorld()
    const { batch } = world.accept(2)
    world.queue.accept(batch)
    expect(world.inFlight).toHaveLength(2)
    world.crash()
    world.queue.accept(batch)
    expect(world.inFlight).toHaveLength(2)
  })

  it('takes the new part of a hand-over that it knows in part', () => {
    const world = new EndpointWorld()
    const { batch } = world.accept(3)
    const other = 'sub_01M80QNV1KDDNSNS26TJ7V4HD5' as const
    const more = { ...batch, items: [...batch.items, { ...batch.items[1], subscriptionId: other }] }
    world.queue.accept(more as typeof batch)
    expect(world.inFlight).toHaveLength(4)
    expect(new Set(world.inFlight.map(({ id }) => id)).size).toBe(4)
  })

  it('holds everything while paused and goes on in order (I8)', async () => {
    const world = new EndpointWorld({ ordering: 'endpoint' })
    world.configure({ ordering: 'endpoint', state: 'paused' })
    const { ids } = world.accept(2)
    await world.fireAlarm()
    expect(world.inFlight).toEqual([])
    world.crash()
    expect(world.inFlight).toEqual([])
    world.configure({ ordering: 'endpoint' })
    for (const id of ids) {
      expect(world.inFlight.map((each) => each.id)).toEqual([id])
      await world.inFlight[0]?.answer(OK)
    }
  })

  it('tries nothing again of which the log is only slow, once it has come to rest (I9)', async () => {
    const world = new EndpointWorld()
    world.accept(1)
    await world.inFlight[0]?.answer(OK)
    await world.fireAlarm()
    world.crash()
    while (world.alarmAt !== undefined && world.now < START + 120_000) await world.fireAlarm()
    expect(world.started).toHaveLength(1)
    world.writeLog()
    expect([...world.log.values()].map(({ status, attempts }) => [status, attempts])).toEqual([
      ['delivered', 1],
    ])
  })

  it('shows what is held in the log', async () => {
    const world = new EndpointWorld({ state: 'paused' })
    const { ids } = world.accept(2)
    await world.fireAlarm()
    world.writeLog()
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(['held', 'held'])
  })

  it('lets nothing pass a delivery that failed, when the endpoint is ordered (I5)', async () => {
    const world = new EndpointWorld({ ordering: 'endpoint' })
    const { ids } = world.accept(3)
    await world.inFlight[0]?.answer(FAIL)
    expect(world.inFlight).toEqual([])
    while (world.inFlight.length === 0) await world.fireAlarm()
    expect(world.inFlight.map(({ id }) => id)).toEqual([ids[0]])
  })

  it('keeps quiet towards a receiver that asked for it (I7)', async () => {
    const world = new EndpointWorld()
    world.accept(1)
    await world.inFlight[0]?.answer({
      outcome: { kind: 'deferred', reason: 'busy', statusCode: 429, retryAfterMs: 600_000 },
    })
    world.accept(1)
    expect(world.inFlight).toEqual([])
    while (world.inFlight.length === 0) await world.fireAlarm()
    expect(world.now).toBeGreaterThanOrEqual(START + 600_000)
  })

  it('never has more than six attempts in flight (I10)', () => {
    const world = new EndpointWorld()
    world.accept(50)
    expect(world.inFlight).toHaveLength(6)
  })

  it('sends outcomes again until they are confirmed, and repeats no confirmed delivery after a crash (I2, I9)', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(1)
    await world.inFlight[0]?.answer(OK)
    world.loseLog()
    while (world.queued.length === 0) expect(await world.fireAlarm()).toBe(true)
    world.writeLog()
    while (await world.fireAlarm());
    world.crash()
    expect(world.started).toHaveLength(1)
    expect(world.log.get(ids[0] ?? 'dlv_')?.status).toBe('delivered')
  })

  it('does not repeat a large batch of outcomes after a crash, and still logs it (I9)', async () => {
    const world = new EndpointWorld()
    const { ids } = world.accept(64)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.crash()
    while (await world.fireAlarm()) world.writeLog()
    expect(world.started).toHaveLength(64)
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(ids.map(() => 'delivered'))
  })

  it('needs no alarm when nothing is left to do (I4)', async () => {
    const world = new EndpointWorld()
    world.accept(3)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
    let alarms = 0
    while (await world.fireAlarm()) alarms++
    expect(alarms).toBeLessThanOrEqual(2)
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })

  it('sends nothing again after a crash that ended with a row of its own (I2)', async () => {
    const world = new EndpointWorld({ concurrency: 3, retry: { scheduleSeconds: [0, 1, 1] } })
    const { ids } = world.accept(3)
    await world.inFlight[2]?.answer(FAIL)
    world.configure({ concurrency: 1, retry: { scheduleSeconds: [0, 1, 1] } })
    world.now += 2_000
    world.crash()
    await world.inFlight[0]?.answer(OK)
    world.now += 2_000
    await world.fireAlarm()
    world.writeLog()
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    expect(world.started.filter(({ id }) => id === ids[2]).map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  it('repeats what a crash has lost also before a delivery that blocks the endpoint (I9)', async () => {
    const world = new EndpointWorld({ ordering: 'endpoint', onExhausted: 'block', retry: { preset: 'none' } })
    const { ids } = world.accept(2)
    await world.inFlight[0]?.answer(OK)
    await world.inFlight[0]?.answer(FAIL)
    world.loseLog()
    world.crash()
    expect(world.inFlight.map(({ id }) => id)).toEqual([ids[0]])
    await world.inFlight[0]?.answer(OK)
    world.writeLog()
    expect(ids.map((id) => world.log.get(id)?.status)).toEqual(['delivered', 'dead'])
  })

  it('repeats only a few of many confirmed deliveries after a crash in the middle of a long backlog', async () => {
    const world = new EndpointWorld({ concurrency: 1 })
    world.accept(300)
    for (let done = 0; done < 250; done++) {
      await world.inFlight[0]?.answer(OK)
      world.now += 1_000
      world.writeLog()
    }
    world.crash()
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    expect(world.started.length).toBeLessThanOrEqual(300 + 64 + 3)
  })

  it('writes nothing more for a rate limit that only time refills', async () => {
    const world = new EndpointWorld({ rateLimit: { limit: 5, periodSeconds: 60 } })
    world.accept(3)
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    world.writeLog()
    while (await world.fireAlarm());
    world.now += 30_000
    world.queue.drain()
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })
})
