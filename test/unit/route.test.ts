import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AcceptBatch, FanoutMessage } from '../../src/model/accept.ts'
import type { EventRow } from '../../src/model/delivery-log.ts'
import { packRecords, unpackRecords } from '../../src/model/event.ts'
import type { EndpointId } from '../../src/model/id.ts'
import { buildRoutingTable, match, type RoutedSubscription } from '../../src/route/match.ts'
import { planRoutes } from '../../src/route/plan.ts'
import { FANOUT, routeHandOver, routePage } from '../../src/route/route.ts'
import { NOW, handOver, record, subscribed } from '../support/events.ts'
import { steering } from '../support/steering.ts'

const namesOf = (routed: RoutedSubscription[]) => routed.map(({ subscription }) => subscription.id.slice(4))
const wanted = (eventTypes: string[], type: string) =>
  match(buildRoutingTable([subscribed('a', { eventTypes })]), { type, sourceId: null, receivedAt: NOW })
    .length === 1

describe('a subscription', () => {
  it.each([
    [[], 'anything', true],
    [['*'], 'anything', true],
    [['lead.created'], 'lead.created', true],
    [['lead.created'], 'lead.created.twice', false],
    [['lead.*'], 'lead.created', true],
    [['lead.*'], 'lead.status.changed', true],
    [['lead.*'], 'lead', false],
    [['lead.*'], 'leader.created', false],
    [['lead.status.*'], 'lead.status', false],
    [['Lead.*'], 'lead.created', false],
    [['a', 'b.*'], 'b.c', true],
    [[], 'hookway.endpoint.failing', false],
    [['*'], 'hookway.endpoint.failing', false],
    [['*', 'hookway.*'], 'hookway.endpoint.failing', true],
    [['hookway.*'], 'hookway.endpoint.failing', true],
    [['hookway.endpoint.failing'], 'hookway.endpoint.failing', true],
  ])('for %j and an event %s: %s', (eventTypes, type, isWanted) => {
    expect(wanted(eventTypes, type)).toBe(isWanted)
  })

  it('means by its patterns what a scan over all of them would find', () => {
    const segment = fc.constantFrom('a', 'b', 'c', '')
    const type = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
    const pattern = fc.oneof(
      type,
      type.map((each) => `${each}.*`),
      fc.constant('*'),
    )
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), type, (eventTypes, eventType) => {
        const found = eventTypes.some((each) =>
          each === '*'
            ? true
            : each.endsWith('.*')
              ? eventType.startsWith(each.slice(0, -1))
              : each === eventType,
        )
        expect(wanted(eventTypes, eventType)).toBe(eventTypes.length === 0 || found)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gets an event once, however many of its patterns match', () => {
    const table = buildRoutingTable([subscribed('a', { eventTypes: ['a.b', 'a.*', 'a.b.*'] })])
    expect(match(table, { type: 'a.b', sourceId: null, receivedAt: NOW })).toHaveLength(1)
  })

  it('is left out when it is paused, younger than the event, or of another source', () => {
    const table = buildRoutingTable([
      subscribed('paused', { state: 'paused' }),
      subscribed('younger', { createdAt: NOW + 1 }),
      subscribed('same', { createdAt: NOW }),
      subscribed('other', { sourceIds: ['src_b'] }),
      subscribed('mine', { sourceIds: ['src_b', 'src_a'] }),
    ])
    const event = { type: 'a', receivedAt: NOW }
    expect(namesOf(match(table, { ...event, sourceId: 'src_a' }))).toEqual(['same', 'mine'])
    expect(namesOf(match(table, { ...event, sourceId: null }))).toEqual(['same'])
  })
})

describe('a plan', () => {
  const table = buildRoutingTable([
    subscribed('all'),
    subscribed('some', { eventTypes: ['a.*'] }),
    subscribed('twin', { endpointId: 'ep_all' }),
  ])
  const itemsOf = (batches: AcceptBatch[] | undefined) =>
    batches?.flatMap(({ items }) => items.map(({ segment, index, record: at }) => [segment, index, at]))

  it('gives each endpoint its events in order, and each body once', () => {
    const { batches, unmatched } = planRoutes(handOver(['a.b', 'c'], ['a.d']), table)
    expect([...batches.keys()]).toEqual(['ep_all', 'ep_some'])
    expect(itemsOf(batches.get('ep_all'))).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
      [2, 0, 2],
      [2, 0, 2],
    ])
    expect(itemsOf(batches.get('ep_some'))).toEqual([
      [1, 0, 0],
      [2, 0, 1],
    ])
    expect(unpackRecords(batches.get('ep_all')?.[0]?.records ?? new Uint8Array())).toHaveLength(3)
    expect(unmatched).toEqual([])
  })

  it('names the events that nobody wants, with where they are', () => {
    const only = buildRoutingTable([subscribed('a', { eventTypes: ['a'] })])
    const { batches, unmatched } = planRoutes(handOver(['x', 'a'], ['y']), only)
    expect(itemsOf(batches.get('ep_a'))).toEqual([[1, 1, 0]])
    expect(unmatched.map(({ type, pointer }) => [type, pointer.segment, pointer.index])).toEqual([
      ['x', 1, 0],
      ['y', 2, 0],
    ])
  })

  it('is cut into rows that an object can store', () => {
    const large = 'x'.repeat(400_000)
    const segments = [1, 2, 3].map((segment) => ({
      segment,
      records: packRecords([record({}, large), record({}, large)]),
    }))
    const { batches } = planRoutes({ ...handOver(), segments }, buildRoutingTable([subscribed('all')]))
    const list = batches.get('ep_all') ?? []
    expect(list.map(({ items }) => items.length)).toEqual([3, 3])
    for (const { records } of list) expect(records.byteLength).toBeLessThan(2_000_000)
  })

  it('spreads the events of a wide endpoint over its objects, each key always to the same', () => {
    const wide = { concurrency: 18, ordering: 'key', orderingKey: '/customer' } as const
    const only = buildRoutingTable([subscribed('a', {}, wide)])
    const keys = Array.from({ length: 40 }, (_, at) => `c${at % 20}`)
    const records = packRecords(keys.map((customer) => record({}, JSON.stringify({ customer }))))
    const { batches } = planRoutes({ ...handOver(), segments: [{ segment: 1, records }] }, only)
    expect([...batches.keys()].toSorted()).toEqual(['ep_a', 'ep_a:1', 'ep_a:2'])
    const objects = keys.map((_, index) =>
      [...batches].flatMap(([object, list]) =>
        list.some(({ items }) => items.some((item) => item.index === index)) ? [object] : [],
      ),
    )
    expect(objects.map((each) => each.length)).toEqual(keys.map(() => 1))
    expect(objects.slice(20)).toEqual(objects.slice(0, 20))
  })

  it('has a batch for each priority, but none that would break an order', () => {
    const twins = (endpoint: object) =>
      buildRoutingTable([
        subscribed('a', {}, endpoint),
        subscribed('b', { endpointId: 'ep_a', priority: 'high' }, endpoint),
      ])
    const classesOf = (endpoint: object) =>
      planRoutes(handOver(['x'], ['y']), twins(endpoint))
        .batches.get('ep_a')
        ?.map((batch) => [batch.class ?? 'normal', batch.items.length])
    expect(classesOf({})).toEqual([
      ['normal', 2],
      ['high', 2],
    ])
    expect(classesOf({ ordering: 'key' })).toEqual([['normal', 4]])
  })

  it('keeps to one page of a fan-out, and then logs nothing as unwanted', () => {
    const page = planRoutes(handOver(['c']), table, new Set<EndpointId>(['ep_some']))
    expect(page).toEqual({ batches: new Map(), unmatched: [] })
  })
})

class World {
  readonly did: string[] = []
  readonly fanout: FanoutMessage[] = []
  readonly logged: EventRow[] = []
  failing = new Set<string>()
  readonly subscriptions: RoutedSubscription[]
  readonly sent = handOver(['a'], ['b'])

  constructor(endpoints: number) {
    this.subscriptions = Array.from({ length: endpoints }, (_, at) => subscribed(String(at).padStart(4, '0')))
  }

  readonly deps = {
    routingTable: () => Promise.resolve(buildRoutingTable(this.subscriptions)),
    accept: (_: string, { endpointId, items }: AcceptBatch) => {
      if (this.failing.has(endpointId)) return Promise.reject(new Error('overloaded'))
      this.did.push(`${endpointId} ${items.map(({ segment }) => segment).join()}`)
      return Promise.resolve()
    },
    enqueueFanout: async (messages: FanoutMessage[]) => void this.fanout.push(...messages),
    logEvents: async (rows: EventRow[]) => void this.logged.push(...rows),
    readSegments: (_: string, segments: number[]) =>
      Promise.resolve(this.sent.segments.filter(({ segment }) => segments.includes(segment))),
    settlePage: async ({ segments, page }: FanoutMessage) =>
      void this.did.push(`settled ${segments.join()} page ${page}`),
    steer: steering().deps,
  }
}

describe('a hand-over', () => {
  it('settles a segment when each of its endpoints has it', async () => {
    const world = new World(2)
    expect(await routeHandOver(world.sent, world.deps)).toEqual({ settled: [1, 2], paged: [] })
    expect(world.did).toEqual(['ep_0000 1,2', 'ep_0001 1,2'])
  })

  it('lends to an object what it gets in one batch, and nothing of what it gets in two', async () => {
    const lentTo = async (...subscriptions: RoutedSubscription[]) => {
      const deps = {
        ...new World(0).deps,
        routingTable: () => Promise.resolve(buildRoutingTable(subscriptions)),
        accept: (_: string, { mayBorrow, items }: AcceptBatch) =>
          Promise.resolve(mayBorrow ? items.map(({ segment }) => segment) : []),
      }
      const { settled, lent } = await routeHandOver({ ...handOver(['x']), mayLend: true }, deps)
      return { settled, lent }
    }
    const urgent = subscribed('b', { endpointId: 'ep_a', priority: 'high' })
    expect(await lentTo(subscribed('a'))).toEqual({ settled: [], lent: [{ segment: 1, objects: ['ep_a'] }] })
    expect(await lentTo(subscribed('a'), urgent)).toEqual({ settled: [1], lent: undefined })
  })

  it('leaves a segment open that one endpoint did not take, and gives it to the others', async () => {
    const world = new World(3)
    world.failing.add('ep_0001')
    expect(await routeHandOver(world.sent, world.deps)).toEqual({ settled: [], paged: [] })
    expect(world.did).toEqual(['ep_0000 1,2', 'ep_0002 1,2'])
  })

  it('goes directly to as many endpoints as are few', async () => {
    const world = new World(FANOUT.directObjectsMax)
    await routeHandOver(world.sent, world.deps)
    expect([world.did.length, world.fanout.length]).toEqual([FANOUT.directObjectsMax, 0])
  })

  it('goes through the queue to many, each endpoint on one page', async () => {
    const world = new World(2 * FANOUT.pageEndpoints + 1)
    const settlement = await routeHandOver(world.sent, world.deps)
    const pages = world.fanout.map(({ page }) => page)
    expect(new Set(pages).size).toBe(3)
    expect(settlement).toEqual({
      settled: [],
      paged: [
        { segment: 1, pages },
        { segment: 2, pages },
      ],
    })
    expect(world.did).toEqual([])
    expect(world.fanout.map(({ segments }) => segments)).toEqual(pages.map(() => [1, 2]))
    expect(pages.every(Number.isSafeInteger)).toBe(true)
    expect(JSON.stringify(world.fanout[0]).length).toBeLessThan(128_000)
    for (const message of world.fanout) await routePage(message, world.deps)
    expect(new Set(world.did).size).toBe(2 * FANOUT.pageEndpoints + 1 + 3)
  })

  it('names a page by what is on it, so that a late message of an older plan settles no other page', async () => {
    const [before, same, after] = [new World(70), new World(70), new World(71)]
    for (const world of [before, same, after]) await routeHandOver(world.sent, world.deps)
    const pagesOf = (world: World) => world.fanout.map(({ page }) => page)
    expect(pagesOf(same)).toEqual(pagesOf(before))
    expect(pagesOf(after)).not.toEqual(pagesOf(before))
  })

  it('comes again for a page of which an endpoint failed, which is not settled before', async () => {
    const world = new World(FANOUT.directObjectsMax + 1)
    await routeHandOver(world.sent, world.deps)
    const [message] = world.fanout
    if (!message) throw new Error('no page')
    world.failing.add('ep_0007')
    await expect(routePage(message, world.deps)).rejects.toThrow('2 segments')
    expect(world.did).not.toContain(`settled 1,2 page ${message.page}`)
    world.failing.clear()
    await routePage(message, world.deps)
    expect(world.did).toContain(`settled 1,2 page ${message.page}`)
  })

  it('that nobody wants is logged and settled', async () => {
    const world = new World(0)
    expect(await routeHandOver(world.sent, world.deps)).toEqual({ settled: [1, 2], paged: [] })
    expect(world.logged.map(({ type }) => type)).toEqual(['a', 'b'])
  })
})
