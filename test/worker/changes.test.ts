import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { AcceptBatch } from '../../src/model/accept.ts'
import { fireAlarm, RelayWorld } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

/** An endpoint, and a subscription to a type of event that nobody else uses. */
async function subscribed(rules: Record<string, unknown> = {}) {
  const type = `changes.n${crypto.randomUUID().replaceAll('-', '')}`
  const url = `http://127.0.0.1/${type}`
  const { id: endpointId } = await world.call<{ id: string }>('POST', '/endpoints', { url })
  const { id } = await world.call<{ id: string }>('POST', '/subscriptions', {
    endpointId,
    eventTypes: [type],
    ...rules,
  })
  const change = (changes: Record<string, unknown>) => world.call('PATCH', `/subscriptions/${id}`, changes)
  const remove = () => world.request('DELETE', `/subscriptions/${id}`)
  return { endpointId, type, url, change, remove }
}

/** What reached an endpoint, by the numbers that the events carry, ascending. */
const numbers = (endpoint: { url: string }) =>
  world
    .at(endpoint)
    .map(({ body }) => (JSON.parse(body) as { data: { n: number } }).data.n)
    .toSorted((a, b) => a - b)

/** Every event so far has been handed over, or failed to be. */
const untilSettled = () => vi.waitFor(async () => expect(await world.intake.check()).toBe(0), 10_000)

/** What an endpoint gathers for the log is settled with its alarm. */
const untilLogged = ({ endpointId }: { endpointId: string }) =>
  vi.waitFor(async () => {
    await fireAlarm(world, env.ENDPOINT.getByName(endpointId))
    expect(await world.intake.check()).toBe(0)
  }, 10_000)

describe('a change of a subscription', () => {
  it('holds for each event that is accepted after its answer', async () => {
    const subscription = await subscribed({ filter: { n: -1 } })
    for (let n = 0; n < 20; n++) {
      await subscription.change({ filter: { n } })
      await world.publish(subscription.type, { n })
      await world.untilArrived(subscription, n + 1)
    }
    await subscription.change({ state: 'paused' })
    await world.publish(subscription.type, { n: 19 })
    await untilLogged(subscription)
    expect(numbers(subscription)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  it('does not take back what was handed over before it', async () => {
    const subscription = await subscribed()
    await world.publish(subscription.type, { n: 1 })
    await untilSettled()
    await subscription.change({ filter: { n: 2 } })
    await world.publish(subscription.type, { n: 3 })
    await world.publish(subscription.type, { n: 2 })
    await world.untilArrived(subscription, 2)
    await untilSettled()
    expect(numbers(subscription)).toEqual([1, 2])
  })

  it('leaves a hand-over that is under way as it began', async () => {
    const subscription = await subscribed({ filter: { n: 1 } })
    // The table is read and the endpoint chosen: now the change comes, before the event is there.
    const restore = onAccept(subscription, async (accept) => {
      restore()
      await subscription.change({ filter: { n: 2 } })
      return await accept()
    })
    await world.publish(subscription.type, { n: 1 })
    await world.untilArrived(subscription, 1)
    await world.publish(subscription.type, { n: 1 })
    await world.publish(subscription.type, { n: 2 })
    await world.untilArrived(subscription, 2)
    await untilSettled()
    expect(numbers(subscription)).toEqual([1, 2])
  })

  it('holds for an event that was accepted before it and is handed over after it', async () => {
    const subscription = await subscribed()
    await late(subscription, [1, 2])
    await subscription.change({ filter: { n: 2 } })
    await handOver()
    await world.untilArrived(subscription, 1)
    expect(numbers(subscription)).toEqual([2])
  })

  it('gives a new subscription no event that was received before it was made', async () => {
    const before = await subscribed()
    await late(before, [1])
    world.now += 1
    const after = await subscribed({ eventTypes: [before.type] })
    await world.publish(before.type, { n: 2 })
    await handOver()
    await world.untilArrived(before, 2)
    await world.untilArrived(after, 1)
    expect(numbers(before)).toEqual([1, 2])
    expect(numbers(after)).toEqual([2])
  })

  it('gives a subscription that was deleted nothing that is handed over after it', async () => {
    const subscription = await subscribed()
    await late(subscription, [1])
    await subscription.remove()
    await handOver()
    expect(numbers(subscription)).toEqual([])
  })
})

/** Accepts events of which the first hand-over fails: the object of the endpoint cannot be reached. */
async function late(subscription: { endpointId: string; type: string }, events: number[]): Promise<void> {
  const refused = vi.fn<() => Promise<number[]>>().mockRejectedValue(new Error('not reached'))
  const restore = onAccept(subscription, refused)
  for (const [index, n] of events.entries()) {
    await world.publish(subscription.type, { n })
    await vi.waitFor(() => expect(refused).toHaveBeenCalledTimes(index + 1), 5_000)
  }
  restore()
}

/** Stands between the hand-over and the object of one endpoint, until it is taken away. */
function onAccept(
  { endpointId }: { endpointId: string },
  act: (accept: () => Promise<number[]>) => Promise<number[]>,
) {
  const getByName = env.ENDPOINT.getByName.bind(env.ENDPOINT)
  const spy = vi.spyOn(env.ENDPOINT, 'getByName').mockImplementation((name) => {
    const stub = getByName(name)
    if (name !== endpointId) return stub
    const accept = (batch: AcceptBatch) => act(async () => [...(await stub.accept(batch))])
    return { accept } as unknown as typeof stub
  })
  return () => spy.mockRestore()
}

/** The hand-over of what failed, at the time that the intake has set for it. */
async function handOver(): Promise<void> {
  world.now += 10_000
  await fireAlarm(world, world.intake)
  await untilSettled()
}
