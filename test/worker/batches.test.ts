import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Arrived } from './relay-world.ts'
import { Journal, type Sql } from '../../src/db/journal.ts'
import { evict, fireUntil, RelayWorld, type Stub } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

interface Item {
  id: string
  type: string
  data: { n: number }
}

const itemsOf = ({ body }: Arrived) => JSON.parse(body) as Item[]
const numbersOf = (arrived: Arrived) => itemsOf(arrived).map(({ data }) => data.n)

async function publish(type: string, ...numbers: number[]): Promise<void> {
  for (const n of numbers) await world.publish(type, { n })
}

/** The object has so many hand-overs; one event came with each. */
async function untilAccepted(object: Stub, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const labels = await runInDurableObject(object, (_, { storage: { sql } }) => [
      ...new Journal(sql as unknown as Sql).labels('accepted', 0),
    ])
    expect(labels).toHaveLength(count)
  })
}

describe('a batch on real storage', () => {
  it('goes when it is full, and what is left at the end of its window', async () => {
    const endpoint = await world.endpoint('full', { batch: { maxEvents: 3, maxSeconds: 20 } })
    await publish('full', 1, 2, 3, 4)
    await untilAccepted(endpoint.object, 4)
    const [first] = await world.untilArrived(endpoint, 1)
    expect(first && numbersOf(first)).toEqual([1, 2, 3])
    const from = world.now
    await fireUntil(world, endpoint.object, () => world.at(endpoint).length === 2)
    const [, second] = world.at(endpoint)
    expect(second && numbersOf(second)).toEqual([4])
    expect(second?.at).toBe(from + 20_000)
    const shown = await world.untilLogged(endpoint, 'delivered', 4)
    const batches = shown.map(({ attemptLog }) => attemptLog[0])
    expect(batches).toMatchObject(
      Array.from({ length: 4 }, () => ({ batch: { id: expect.stringMatching(/^bat_/) as unknown } })),
    )
  })

  it('keeps its id and its bytes over failures and evictions, before and after it was sent', async () => {
    const endpoint = await world.endpoint('stable', {
      batch: { maxEvents: 10, maxSeconds: 20 },
      retry: { scheduleSeconds: [0, 30, 30] },
    })
    await publish('stable', 1, 2)
    await untilAccepted(endpoint.object, 2)
    await evict(endpoint.object)
    await publish('stable', 3)
    await untilAccepted(endpoint.object, 3)
    const from = world.now
    const until = (seconds: number) =>
      fireUntil(world, endpoint.object, () => world.now >= from + seconds * 1000)
    world.answer = () => new Response('not now', { status: 503 })
    await until(20)
    await world.untilArrived(endpoint, 1)
    await world.untilLogged(endpoint, 'retrying', 3)
    await evict(endpoint.object)
    await publish('stable', 4)
    await untilAccepted(endpoint.object, 4)
    await until(50)
    const own = () => world.at(endpoint).filter((each) => numbersOf(each).includes(1))
    await vi.waitFor(() => expect(own()).toHaveLength(2))
    world.answer = () => new Response('ok')
    await until(80)
    await vi.waitFor(() => expect(own()).toHaveLength(3))
    expect(own().map(({ attempt }) => attempt)).toEqual(['1', '2', '3'])
    expect(new Set(own().map(({ id, body }) => `${id} ${body}`)).size).toBe(1)
    expect(own().map(numbersOf)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ])
    await world.untilLogged(endpoint, 'delivered', 4)
  })

  it('goes on without what its owner cancels', async () => {
    const endpoint = await world.endpoint('cancelled', { batch: { maxEvents: 2, maxSeconds: 20 } })
    world.answer = () => new Response('not now', { status: 503 })
    await publish('cancelled', 1, 2)
    const [first] = await world.untilArrived(endpoint, 1)
    await world.untilLogged(endpoint, 'retrying', 2)
    const [one] = first ? itemsOf(first) : []
    await world.call('POST', `/deliveries/${one?.id}/cancellations`, {})
    world.answer = () => new Response('ok')
    await fireUntil(world, endpoint.object, () => world.at(endpoint).length === 2)
    const [, second] = world.at(endpoint)
    expect(second && numbersOf(second)).toEqual([2])
    expect(second?.id).not.toBe(first?.id)
    await world.untilLogged(endpoint, 'delivered', 1)
  })
})

describe('an aggregate on real storage', () => {
  it('is one delivery of the events with the same key, as its transformation made them', async () => {
    const url = `http://127.0.0.1/aggregated/${crypto.randomUUID()}`
    const { id } = await world.call<{ id: string }>('POST', '/endpoints', { url })
    await world.call('POST', '/subscriptions', {
      endpointId: id,
      eventTypes: ['order.*'],
      transform: { steps: [{ kind: 'jsonata', expression: '{ "shop": shop, "n": n * 10 }' }] },
      aggregate: { key: '/shop', maxEvents: 2, maxSeconds: 20 },
    })
    const orders = [
      ['order.paid', 'a', 1],
      ['order.paid', 'b', 2],
      ['order.sent', 'a', 3],
    ] as const
    for (const [type, shop, n] of orders) await world.publish(type, { shop, n })
    const [first] = await world.untilArrived({ url }, 1)
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      type: 'aggregate',
      data: {
        key: 'a',
        count: 2,
        events: [
          { type: 'order.paid', data: { shop: 'a', n: 10 } },
          { type: 'order.sent', data: { shop: 'a', n: 30 } },
        ],
      },
    })
    const object = env.ENDPOINT.getByName(id)
    await untilAccepted(object, 3)
    await fireUntil(world, object, () => world.at({ url }).length === 2)
    expect(JSON.parse(world.at({ url })[1]?.body ?? '')).toMatchObject({
      type: 'order.paid',
      data: { key: 'b', count: 1, events: [{ data: { shop: 'b', n: 20 } }] },
    })
    await world.untilLogged({ id }, 'delivered', 3)
  })
})

describe('the settings of batches', () => {
  it('are refused where they cannot be', async () => {
    const create = (settings: Record<string, unknown>) =>
      world.call('POST', '/endpoints', { url: 'http://127.0.0.1/', batch: {}, ...settings })
    await expect(create({ method: 'GET' })).rejects.toThrow(/400.*"path":"method"/)
    await expect(create({ url: 'http://127.0.0.1/{{data.id}}' })).rejects.toThrow(/400.*"path":"url"/)
    await expect(create({ batch: { maxEvents: 5_000 } })).rejects.toThrow(/400.*"path":"batch.maxEvents"/)
    expect(await create({})).toMatchObject({ batch: { maxEvents: 100, maxSeconds: 5 } })
  })
})
