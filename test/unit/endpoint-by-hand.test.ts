import { describe, expect, it } from 'vitest'
import type { DeliveryId } from '../../src/model/id.ts'
import { EndpointWorld, START } from '../support/endpoint-world.ts'

const OK = { outcome: { kind: 'delivered', statusCode: 200 } } as const
const FAIL = { outcome: { kind: 'deferred', reason: 'server_error', statusCode: 500 } } as const
const { refOf } = EndpointWorld

const statusOf = (world: EndpointWorld, id: DeliveryId | undefined) => world.log.get(id ?? 'dlv_')?.status

async function rest(world: EndpointWorld): Promise<void> {
  world.writeLog()
  while (await world.fireAlarm()) world.writeLog()
}

describe('a retry by hand', () => {
  it('makes what waits for its schedule due now', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(1)
    await world.inFlight[0]?.answer(FAIL)
    expect(world.queue.order('retry', refOf(accepted))).toEqual({ kind: 'done' })
    expect(world.started.at(-1)).toEqual({ id: accepted.ids[0], attempt: 2, at: START })
  })

  it('passes what the journal still holds, and is not delivered twice for it', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(20)
    expect(world.queue.order('retry', refOf(accepted, 19))).toEqual({ kind: 'done' })
    await world.inFlight[0]?.answer(OK)
    expect(world.inFlight.at(-1)?.id).toBe(accepted.ids[19])
    while (world.inFlight.length > 0) await world.inFlight.at(-1)?.answer(OK)
    await rest(world)
    world.crash()
    expect(world.started.map(({ id }) => id).toSorted()).toEqual(accepted.ids.toSorted())
  })

  it('passes nothing of its own ordering key', async () => {
    const world = new EndpointWorld({ ordering: 'key' })
    const accepted = world.accept(2, ['a', 'a'])
    expect(world.queue.order('retry', refOf(accepted, 1))).toEqual({ kind: 'done' })
    expect(world.inFlight.map(({ id }) => id)).toEqual([accepted.ids[0]])
  })

  it('leaves an attempt in flight alone', () => {
    const world = new EndpointWorld()
    const accepted = world.accept(1)
    expect(world.queue.order('retry', refOf(accepted))).toEqual({ kind: 'sending' })
    expect(world.started).toHaveLength(1)
  })

  it('finds nothing of a delivery that has ended, logged or not, and says how often it was tried', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(1)
    await world.inFlight[0]?.answer(OK)
    expect(world.queue.order('retry', refOf(accepted))).toEqual({ kind: 'absent', attempts: 1 })
    await rest(world)
    expect(world.queue.order('retry', refOf(accepted))).toEqual({ kind: 'absent', attempts: 0 })
  })

  it('waits for the resume while the endpoint is paused', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(1)
    await world.inFlight[0]?.answer(FAIL)
    world.configure({ state: 'paused' })
    world.queue.order('retry', refOf(accepted))
    expect(world.inFlight).toEqual([])
    world.configure({})
    expect(world.started.at(-1)).toMatchObject({ attempt: 2, at: START })
  })

  it('unblocks a key once, and shows it as due again', async () => {
    const world = new EndpointWorld({ ordering: 'key', onExhausted: 'block', retry: { preset: 'none' } })
    const accepted = world.accept(2, ['a', 'a'])
    await world.inFlight[0]?.answer(FAIL)
    await rest(world)
    expect(world.inFlight).toEqual([])
    world.configure({
      ordering: 'key',
      onExhausted: 'block',
      retry: { preset: 'none' },
      state: 'paused',
    })
    world.queue.order('retry', refOf(accepted))
    world.writeLog()
    expect(statusOf(world, accepted.ids[0])).toBe('retrying')
    world.crash()
    world.configure({ ordering: 'key', onExhausted: 'block', retry: { preset: 'none' } })
    expect(world.inFlight.map(({ id, attempt }) => [id, attempt])).toEqual([[accepted.ids[0], 2]])
    await world.inFlight[0]?.answer(OK)
    expect(world.inFlight.map(({ id }) => id)).toEqual([accepted.ids[1]])
  })

  it('of one that ended starts the schedule anew under the same id, numbers on, and shows in the log', async () => {
    const world = new EndpointWorld({ retry: { scheduleSeconds: [0, 1] } })
    const accepted = world.accept(1)
    await world.inFlight[0]?.answer(FAIL)
    while (world.inFlight.length === 0) await world.fireAlarm()
    await world.inFlight[0]?.answer(FAIL)
    await rest(world)
    expect(statusOf(world, accepted.ids[0])).toBe('dead')
    world.configure({ retry: { scheduleSeconds: [0, 1] }, state: 'paused' })
    world.acceptAgain(accepted, { origin: 'again', triedBefore: 2 })
    world.acceptAgain(accepted, { origin: 'again', triedBefore: 2 })
    await world.fireAlarm()
    world.writeLog()
    expect(statusOf(world, accepted.ids[0])).toBe('held')
    world.configure({ retry: { scheduleSeconds: [0, 1] } })
    expect(world.inFlight.map(({ id, attempt }) => [id, attempt])).toEqual([[accepted.ids[0], 3]])
    await world.inFlight[0]?.answer(FAIL)
    while (world.inFlight.length === 0) await world.fireAlarm()
    expect(world.inFlight[0]?.attempt).toBe(4)
    await world.inFlight[0]?.answer(OK)
    await rest(world)
    expect(statusOf(world, accepted.ids[0])).toBe('delivered')
    expect(Object.keys(world.log.get(accepted.ids[0] ?? 'dlv_')?.attemptLog ?? {})).toHaveLength(4)
  })
})

describe('a replay', () => {
  it('adds nothing to what still waits, and nothing when its hand-over is repeated', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(20)
    world.acceptAgain(accepted, { origin: 'replay', index: 0, class: 'replay' })
    world.acceptAgain(accepted, { origin: 'replay', index: 19, class: 'replay' })
    await world.inFlight[0]?.answer(OK)
    for (let i = 0; i < 2; i++) {
      world.acceptAgain(accepted, { origin: 'another', index: 0, class: 'replay', triedBefore: 1 })
    }
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    const counts = accepted.ids.map((id) => world.started.filter((each) => each.id === id).length)
    expect(counts).toEqual(accepted.ids.map((_, at) => (at === 0 ? 2 : 1)))
  })
})

describe('a cancellation', () => {
  it.each([
    ['not tried yet', 0],
    ['due again', 1],
  ])('takes back what is %s, for good', async (_, attempts) => {
    const world = new EndpointWorld()
    const accepted = world.accept(1)
    if (attempts === 1) await world.inFlight[0]?.answer(FAIL)
    world.configure({ state: 'paused' })
    if (attempts === 0) world.crash()
    expect(world.queue.order('cancel', refOf(accepted))).toEqual({ kind: 'done' })
    world.crash()
    world.configure({})
    await rest(world)
    expect(world.started).toHaveLength(1)
    expect(world.log.get(accepted.ids[0] ?? 'dlv_')).toMatchObject({ status: 'cancelled', attempts })
    expect(world.queue.order('cancel', refOf(accepted))).toMatchObject({ kind: 'absent' })
  })

  it('takes back what is far behind in the journal, and logs it although the log was down', async () => {
    const world = new EndpointWorld()
    const accepted = world.accept(20)
    world.queue.order('cancel', refOf(accepted, 15))
    world.loseLog()
    world.crash()
    while (world.inFlight.length > 0) await world.inFlight[0]?.answer(OK)
    await rest(world)
    expect(world.started.some(({ id }) => id === accepted.ids[15])).toBe(false)
    expect(accepted.ids.map((id) => statusOf(world, id))).toEqual(
      accepted.ids.map((_, at) => (at === 15 ? 'cancelled' : 'delivered')),
    )
    expect(world.queue.nextWakeAt()).toBeUndefined()
  })

  it('lets the next of its key go on, blocked or waiting', async () => {
    const settings = { ordering: 'key', onExhausted: 'block', retry: { preset: 'none' } }
    const world = new EndpointWorld(settings)
    const accepted = world.accept(3, ['a', 'a', 'a'])
    await world.inFlight[0]?.answer(FAIL)
    world.writeLog()
    expect(statusOf(world, accepted.ids[0])).toBe('dead')
    world.queue.order('cancel', refOf(accepted, 1))
    expect(world.inFlight).toEqual([])
    world.queue.order('cancel', refOf(accepted, 0))
    expect(world.inFlight.map(({ id }) => id)).toEqual([accepted.ids[2]])
    world.writeLog()
    expect(accepted.ids.slice(0, 2).map((id) => statusOf(world, id))).toEqual(['cancelled', 'cancelled'])
  })

  it('of one set aside behind its key lets those behind it keep their order', async () => {
    const world = new EndpointWorld({ ordering: 'key' })
    const accepted = world.accept(4, ['a', 'a', 'a', 'a'])
    world.queue.order('cancel', refOf(accepted, 1))
    await world.inFlight[0]?.answer(OK)
    expect(world.inFlight.map(({ id }) => id)).toEqual([accepted.ids[2]])
    await world.inFlight[0]?.answer(OK)
    expect(world.inFlight.map(({ id }) => id)).toEqual([accepted.ids[3]])
  })

  it('does not reach an attempt in flight', () => {
    const world = new EndpointWorld()
    const accepted = world.accept(1)
    expect(world.queue.order('cancel', refOf(accepted))).toEqual({ kind: 'sending' })
  })
})
