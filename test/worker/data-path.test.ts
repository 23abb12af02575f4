import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { FANOUT } from '../../src/route/route.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { makeSweepDeps } from '../../src/cron.ts'
import { alarmOf, evict, fireAlarm, fireUntil, RelayWorld, type Stub } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})
afterEach(() => {
  world.answer = () => new Response('ok')
})

/** Makes a database fail for real for as long as `during` takes: one of its tables is away. */
async function withoutTable<T>(db: D1Database, table: string, during: () => Promise<T>): Promise<T> {
  await db.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`)
  try {
    return await during()
  } finally {
    await db.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`)
  }
}

/** Something of every subscription changed, so that routing reads them anew. */
const forgetRouting = () => env.DB.exec('UPDATE tenants SET routing_version = routing_version + 1')

const unsettledOf = () => world.intake.check()

/** Fires alarms until none is set, while confirmations of the log may still be on their way. */
const untilIdle = (stub: Stub) =>
  vi.waitFor(async () => {
    await fireAlarm(world, stub)
    expect(await alarmOf(stub)).toBeNull()
  }, 5_000)

describe('a crash between publishing and keeping the answer', () => {
  it.each([
    ['/events', { type: 'once', data: 1 }],
    ['/events/batch', [1, 2].map((data) => ({ type: 'once', data }))],
  ])('leaves an idempotency key that publishes nothing again: %s', async (path, body) => {
    const publish = () =>
      world.call<{ id?: string; data?: { id: string }[] }>('POST', path, body, { 'idempotency-key': path })
    const idsOf = ({ id, data = [] }: Awaited<ReturnType<typeof publish>>) => [
      id,
      ...data.map((each) => each.id),
    ]
    const first = await publish()
    await env.DB.exec('UPDATE idempotency SET status = NULL, answer = NULL')
    world.now += 60_001
    expect(idsOf(await publish())).toEqual(idsOf(first))
  })
})

describe('an eviction', () => {
  it('of the intake between the answer and the hand-over loses nothing (promise 1 and 2)', async () => {
    const endpoint = await world.endpoint('evicted.early')
    await forgetRouting()
    await withoutTable(env.DB, 'subscriptions', async () => {
      for (let n = 0; n < 3; n++) await world.publish('evicted.early', n)
      await evict(world.intake)
    })
    expect(world.at(endpoint)).toEqual([])
    world.now += 300_000
    await fireAlarm(world, world.intake)
    const arrived = await world.untilArrived(endpoint, 3)
    expect(arrived.map(({ body }) => (JSON.parse(body) as { data: number }).data)).toEqual([0, 1, 2])
  })

  it('of the intake before it wrote that all is settled repeats the hand-over, not the delivery (promise 3)', async () => {
    const endpoint = await world.endpoint('evicted.late')
    await world.publish('evicted.late')
    await world.untilArrived(endpoint, 1)
    await evict(world.intake)
    const reached = vi.spyOn(env.ENDPOINT, 'getByName')
    await unsettledOf()
    await vi.waitFor(() => expect(reached).toHaveBeenCalledWith(endpoint.id))
    reached.mockRestore()
    await world.untilLogged(endpoint, 'delivered', 1)
    await untilIdle(endpoint.object)
    // Both forget all they knew: the endpoint recognises the segment by its journal.
    await evict(endpoint.object)
    await evict(world.intake)
    await unsettledOf()
    await fireAlarm(world, world.intake)
    await fireAlarm(world, endpoint.object)
    expect(world.at(endpoint)).toHaveLength(1)
    expect(await unsettledOf()).toBe(0)
  })

  it('of the endpoint while a delivery is in flight repeats it under the same id (I2, I3)', async () => {
    const endpoint = await world.endpoint('evicted.sending')
    world.answer = () => new Response('busy', { status: 503 })
    await world.publish('evicted.sending', 'body')
    const [first] = await world.untilArrived(endpoint, 1)
    await evict(endpoint.object)
    world.answer = () => new Response('ok')
    await fireUntil(world, endpoint.object, () => world.at(endpoint).length >= 2)
    const [, second] = world.at(endpoint)
    expect([second?.id, second?.body]).toEqual([first?.id, first?.body])
    const [delivery] = await world.untilLogged(endpoint, 'delivered', 1)
    expect(delivery?.attemptLog.map(({ result }) => result)).toEqual(['server_error', 'delivered'])
  })
})

describe('an attempt', () => {
  it('comes at exactly the times of the schedule, with the same body and id, whatever is evicted (I3, I7)', async () => {
    const endpoint = await world.endpoint('scheduled', { retry: { preset: 'crm' } })
    let left = 2
    world.answer = ({ url }) =>
      url === endpoint.url && left-- > 0 ? new Response('no', { status: 500 }) : new Response('ok')
    const start = world.now
    await world.publish('scheduled', { n: 1 })
    await world.untilArrived(endpoint, 1)
    await world.untilLogged(endpoint, 'retrying', 1)
    for (const count of [2, 3]) {
      await evict(endpoint.object)
      await fireUntil(world, endpoint.object, () => world.at(endpoint).length >= count)
    }
    const arrived = world.at(endpoint)
    expect(arrived.map(({ at }) => at - start)).toEqual([0, 60_000, 360_000])
    expect(new Set(arrived.map(({ id, body }) => `${id} ${body}`)).size).toBe(1)
    expect(arrived.map(({ attempt }) => attempt)).toEqual(['1', '2', '3'])
    const [delivery] = await world.untilLogged(endpoint, 'delivered', 1)
    expect(delivery?.attemptLog.map(({ at }) => Date.parse(at) - start)).toEqual([0, 60_000, 360_000])
  })
})

describe('a fan-out', () => {
  const COUNT = FANOUT.directObjectsMax + 8

  it('to many endpoints goes through the queue and reaches each once', { timeout: 30_000 }, async () => {
    const sendBatch = vi.spyOn(env.FANOUT, 'sendBatch')
    const endpoints = await Promise.all(Array.from({ length: COUNT }, () => world.endpoint('many')))
    await world.publish('many')
    await Promise.all(endpoints.map((endpoint) => world.untilArrived(endpoint, 1)))
    expect(sendBatch).toHaveBeenCalledTimes(1)
    await vi.waitFor(async () => expect(await unsettledOf()).toBe(0))

    // A message that vanishes is missed after two minutes, by the clock of the intake.
    sendBatch.mockImplementationOnce(async () => ({
      metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
    }))
    await world.publish('many')
    await vi.waitFor(() => expect(sendBatch).toHaveBeenCalledTimes(2))
    await vi.waitFor(async () => expect(await alarmOf(world.intake)).not.toBeNull())
    const lostAt = world.now
    await fireUntil(world, world.intake, () => sendBatch.mock.calls.length >= 3)
    expect(world.now - lostAt).toBeGreaterThanOrEqual(120_000)
    await Promise.all(endpoints.map((endpoint) => world.untilArrived(endpoint, 2)))
    await vi.waitFor(async () => expect(await unsettledOf()).toBe(0))
    expect(endpoints.map((endpoint) => world.at(endpoint).length)).toEqual(endpoints.map(() => 2))
    sendBatch.mockRestore()
  })
})

describe('the log', () => {
  it('has every attempt once in the end, also when D1 was down (I9)', { timeout: 30_000 }, async () => {
    const endpoint = await world.endpoint('unlogged')
    const refused = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    await withoutTable(env.LOG_DB, 'deliveries', async () => {
      for (let n = 0; n < 5; n++) await world.publish('unlogged', n)
      await world.untilArrived(endpoint, 5)
      await vi.waitFor(
        () => expect(refused).toHaveBeenCalledWith(expect.stringContaining('log.write_failed')),
        5_000,
      )
      expect(await alarmOf(endpoint.object), 'what is not confirmed is sent again').not.toBeNull()
    })
    for (let n = 0; n < 3; n++) await fireAlarm(world, endpoint.object)
    const deliveries = await world.untilLogged(endpoint, 'delivered', 5)
    expect(deliveries.map(({ attempts, attemptLog }) => [attempts, attemptLog.length])).toEqual(
      deliveries.map(() => [1, 1]),
    )
    expect(world.at(endpoint)).toHaveLength(5)
    await untilIdle(endpoint.object)
    refused.mockRestore()
  })
})

describe('an alarm', () => {
  it('that was lost is set again by the sweep, for an endpoint and for an intake (promise 7)', async () => {
    const endpoint = await world.endpoint('swept', { retry: { scheduleSeconds: [0, 600] } })
    world.answer = () => new Response('no', { status: 500 })
    await world.publish('swept')
    await world.untilArrived(endpoint, 1)
    await forgetRouting()
    await withoutTable(env.DB, 'subscriptions', async () => {
      await world.publish('swept')
      // The first alarm makes the intake known to the sweep.
      await fireAlarm(world, world.intake)
      // They live on and believe that it is set, the worst case: who is called after an eviction sets it anyway.
      for (const stub of [endpoint.object, world.intake]) {
        await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm())
        expect(await alarmOf(stub)).toBeNull()
      }
      expect(await sweep(makeSweepDeps(env))).toMatchObject({ failed: 0 })
      for (const stub of [endpoint.object, world.intake]) expect(await alarmOf(stub)).not.toBeNull()
    })
    world.answer = () => new Response('ok')
    world.now += 600_000
    for (const stub of [world.intake, endpoint.object]) await fireAlarm(world, stub)
    await world.untilArrived(endpoint, 3)
    await world.untilLogged(endpoint, 'delivered', 2)
  })

  it('is set on no object that has nothing to do', async () => {
    const endpoint = await world.endpoint('idle')
    await world.publish('idle')
    await world.untilLogged(endpoint, 'delivered', 1)
    for (const stub of [world.intake, endpoint.object]) {
      let alarms = 0
      while (alarms < 5 && (await fireAlarm(world, stub))) alarms++
      expect(alarms).toBeLessThanOrEqual(2)
    }
    expect(await sweep(makeSweepDeps(env))).toMatchObject({ failed: 0 })
    for (const stub of [world.intake, endpoint.object]) expect(await alarmOf(stub)).toBeNull()
  })
})
