import { describe, expect, it } from 'vitest'
import type { MessageId } from '../../src/model/pull.ts'
import { acknowledge, fetched, logged, open, poll } from '../support/consumer.ts'
import { EndpointWorld } from '../support/endpoint-world.ts'

describe('the cursor', () => {
  it('acknowledges the page before and nothing else', async () => {
    const world = open()
    const { ids } = world.accept(4)
    const one = await poll(world, { limit: 1 })
    const other = await poll(world, { limit: 2 })
    const { messages } = await poll(world, { limit: 10, page: one.page ?? 0 })
    expect(messages.map(({ id }) => id)).toEqual([ids[3]])
    expect(logged(world, ids[0] ?? 'dlv_')?.status).toBe('delivered')
    expect(world.log.get(ids[1] ?? 'dlv_')).toBeUndefined()
    expect(world.queue.pull.acknowledge({ of: { page: other.page ?? 0 }, outcome: 'delivered' }).ids).toEqual(
      ids.slice(1, 3),
    )
  })

  it('still holds after a crash, and costs two rows of the journal a page', async () => {
    const world = open({ ordering: 'endpoint' })
    const { ids } = world.accept(20)
    const rows = world.journalRows()
    const seen: MessageId[] = []
    for (let page: number | undefined; ;) {
      const polled = await poll(world, page === undefined ? {} : { page })
      if (polled.page === undefined) break
      seen.push(...polled.messages.map(({ id }) => id))
      page = polled.page
      world.crash()
    }
    expect(seen).toEqual(ids)
    expect(world.journalRows() - rows).toBeLessThanOrEqual(2 * 20 + 1)
  })

  it('of a lease that is over acknowledges nothing', async () => {
    const world = open()
    const { ids } = world.accept(1)
    const { page = 0 } = await poll(world)
    world.now += 30_000
    expect((await poll(world, { page })).messages).toEqual([])
    expect(logged(world, ids[0] ?? 'dlv_')?.status).toBe('retrying')
  })
})

describe('the order of what is polled (I5)', () => {
  it('gives one at a time where all is one order, the failed one first', async () => {
    const world = open({ ordering: 'endpoint', retry: { scheduleSeconds: [0, 5] } })
    const { ids } = world.accept(2)
    expect(await fetched(world)).toEqual([[ids[0], 1]])
    expect(await fetched(world)).toEqual([])
    acknowledge(world, ids.slice(0, 1), { outcome: 'retry' })
    expect(await fetched(world)).toEqual([])
    world.crash()
    world.now += 6_000
    expect(await fetched(world)).toEqual([[ids[0], 2]])
    acknowledge(world, ids)
    expect(await fetched(world)).toEqual([[ids[1], 1]])
  })

  it('gives one of each key, also after a crash', async () => {
    const world = open({ ordering: 'key' })
    const { ids } = world.accept(5, ['a', 'a', 'b', undefined, 'b'])
    expect(await fetched(world)).toEqual([
      [ids[0], 1],
      [ids[2], 1],
      [ids[3], 1],
    ])
    world.crash()
    expect(await fetched(world)).toEqual([])
    acknowledge(world, ids.slice(2, 3))
    expect(await fetched(world)).toEqual([[ids[4], 1]])
    acknowledge(world, ids.slice(0, 1))
    expect(await fetched(world)).toEqual([[ids[1], 1]])
  })

  it('blocks a key behind what has used up its retries, where that is asked for', async () => {
    const world = open({ ordering: 'key', onExhausted: 'block', retry: { preset: 'none' } })
    const accepted = world.accept(2, ['a', 'a'])
    await poll(world)
    acknowledge(world, accepted.ids, { outcome: 'retry' })
    world.now += 3_600_000
    expect(await fetched(world)).toEqual([])
    world.queue.order('cancel', EndpointWorld.refOf(accepted))
    expect(await fetched(world)).toEqual([[accepted.ids[1], 1]])
  })

  it('gives replays half of the places at most', async () => {
    const world = open()
    world.accept(900, [], { class: 'replay' })
    world.accept(1)
    expect((await poll(world, { limit: 900 })).messages).toHaveLength(501)
  })
})
