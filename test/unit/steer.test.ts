import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEvent, packRecords, unpackRecords } from '../../src/model/event.ts'
import type { EndpointId, SubscriptionId } from '../../src/model/id.ts'
import { scheduleSchema, type Subscription } from '../../src/model/subscription.ts'
import { isSampled, opensAt, targetOf } from '../../src/route/choose.ts'
import { buildRoutingTable, type RoutedSubscription, type TargetState } from '../../src/route/match.ts'
import { planRoutes } from '../../src/route/plan.ts'
import { releaseHeld, type ReleaseDeps } from '../../src/route/release.ts'
import { sift } from '../../src/route/sift.ts'
import { chooseTarget, keepHeld, steer, type HeldItem } from '../../src/route/steer.ts'
import { handOver, NOW, record, subscribed } from '../support/events.ts'
import { steering } from '../support/steering.ts'

const ids = Array.from({ length: 4_000 }, (_, at) => `evt_${at}`)

describe('a sample', () => {
  it('takes its share, and at a higher rate the same events and more', () => {
    const taken = (rate: number) => ids.filter((id) => isSampled(id, rate))
    expect(taken(0)).toEqual([])
    expect(taken(1)).toEqual(ids)
    expect(taken(0.1).length / ids.length).toBeCloseTo(0.1, 1)
    const more = new Set(taken(0.3))
    expect(taken(0.1).every((id) => more.has(id))).toBe(true)
  })
})

describe('balancing', () => {
  const targets = [
    { endpointId: 'ep_a', weight: 1 },
    { endpointId: 'ep_b', weight: 3 },
  ]

  it('follows the weights', () => {
    const b = ids.filter((id) => targetOf(id, targets)?.endpointId === 'ep_b')
    expect(b.length / ids.length).toBeCloseTo(0.75, 1)
  })

  it('keeps a key where it is, and moves only what a new target gains', () => {
    const more = [...targets, { endpointId: 'ep_c', weight: 1 }]
    fc.assert(
      fc.property(fc.string(), (key) => {
        const before = targetOf(key, targets)?.endpointId
        expect(targetOf(key, targets.toReversed())?.endpointId).toBe(before)
        expect([before, 'ep_c']).toContain(targetOf(key, more)?.endpointId)
      }),
    )
  })
})

describe('time windows', () => {
  const schedule = (settings: object) => scheduleSchema.parse(settings)
  const weekdays = schedule({
    timeZone: 'Europe/Berlin',
    windows: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '17:00' }],
  })

  it.each([
    ['2026-01-19T10:00:00Z', '2026-01-19T10:00:00.000Z'],
    ['2026-01-19T05:00:00Z', '2026-01-19T07:00:00.000Z'],
    ['2026-01-19T16:00:00Z', '2026-01-20T07:00:00.000Z'],
    ['2026-01-23T16:30:00Z', '2026-01-26T07:00:00.000Z'],
    // The clocks go forward in between.
    ['2026-03-27T18:00:00Z', '2026-03-30T06:00:00.000Z'],
    ['2026-10-24T18:00:00Z', '2026-10-26T07:00:00.000Z'],
  ])('%s is let through at %s', (at, opens) => {
    expect(new Date(opensAt(weekdays, Date.parse(at))).toISOString()).toBe(opens)
  })
})

describe('failover', () => {
  const up: TargetState = {
    version: 1,
    endpoint: { ordering: 'none', orderingKey: null, concurrency: 1 },
    isDisabled: false,
    failingSince: null,
  }
  const chosen = (rules: Partial<Subscription>, states: Record<string, TargetState>, now = NOW) => {
    const targets = new Map(Object.entries(states) as [EndpointId, TargetState][])
    const routed: RoutedSubscription = { ...subscribed('a', rules), targets }
    const event = decodeEvent(record({}))
    return chooseTarget(routed, event, { key: 'k', now }).subscription.endpointId
  }
  const failing = { ...up, failingSince: NOW - 1000 }
  const second = { failoverEndpointId: 'ep_b' } as const

  it('goes to the second endpoint while the first is failing or disabled', () => {
    expect(chosen(second, { ep_a: up, ep_b: up })).toBe('ep_a')
    expect(chosen(second, { ep_a: failing, ep_b: up })).toBe('ep_b')
    expect(chosen(second, { ep_a: { ...up, isDisabled: true }, ep_b: up })).toBe('ep_b')
  })

  it('waits at the first when neither is up', () => {
    expect(chosen(second, { ep_a: failing, ep_b: failing })).toBe('ep_a')
    expect(chosen(second, { ep_a: failing })).toBe('ep_a')
  })

  it('balances over those that are up', () => {
    const balance = {
      endpoints: [
        { endpointId: 'ep_b', weight: 1 },
        { endpointId: 'ep_c', weight: 1 },
      ],
      key: null,
    } as const
    const rules = { balance: { ...balance, endpoints: [...balance.endpoints] } }
    expect(chosen(rules, { ep_a: up, ep_b: failing, ep_c: up })).toBe('ep_c')
    expect(chosen(rules, { ep_a: up, ep_b: up, ep_c: failing })).toBe('ep_b')
  })
})

describe('an event whose rule fails', () => {
  const broken = { transform: { steps: [{ kind: 'javascript' as const, code: 'x' }] } }
  const table = (rules: Partial<Subscription>) => buildRoutingTable([subscribed('a', rules), subscribed('b')])
  const sent = () => handOver(['x', 'y'], ['z'])

  it('is kept for its subscription, which is marked once, and reaches the others', async () => {
    const { deps, held, faults } = steering(() => NOW)
    const routing = table(broken)
    const sifted = sift(sent(), routing, { now: NOW })
    await steer(sifted, deps)
    await keepHeld('i', sifted.held, deps)
    expect(held.map(({ segment, index, dueAt }) => [segment, index, dueAt])).toEqual([
      [1, 0, null],
      [1, 1, null],
      [2, 0, null],
    ])
    expect(faults).toMatchObject([{ id: 'sub_a', fault: { error: 'step 1: there are no scripts here' } }])
    const { batches } = planRoutes(sent(), routing, undefined, sifted.decisions)
    expect([...batches.keys()]).toEqual(['ep_b'])
  })

  it('waits with all that comes after it, without another try', async () => {
    const { deps } = steering(() => NOW, { runScript: () => Promise.reject(new Error('must not run')) })
    const fault = { error: 'no', eventId: null, at: NOW }
    const sifted = sift(sent(), table({ ...broken, fault }), { now: NOW })
    await steer(sifted, deps)
    expect(sifted.open).toEqual([])
    expect(sifted.held).toHaveLength(3)
  })

  it('is routed when the rule is fixed, and only it', async () => {
    const fixed = {
      transform: { steps: [{ kind: 'javascript' as const, code: 'x' }] },
      fault: { error: 'no', eventId: null, at: NOW, isReleasing: true },
    }
    let items: HeldItem[] = [1, 2].map((segment) => ({
      tenantId: 'default',
      subscriptionId: 'sub_a' as SubscriptionId,
      intake: 'default/publish/enam',
      segment,
      index: 0,
      eventId: 'evt_x',
      dueAt: null,
    }))
    const did: string[] = []
    const deps: ReleaseDeps = {
      routingTable: async () => table(fixed),
      accept: async (object, batch) => {
        for (const bytes of unpackRecords(batch.records))
          did.push(`${object} ${new TextDecoder().decode(decodeEvent(bytes).body)}`)
      },
      enqueueFanout: async () => undefined,
      logEvents: async () => undefined,
      readSegments: async (_, segments) =>
        sent().segments.filter(({ segment }) => segments.includes(segment)),
      settlePage: async () => undefined,
      steer: steering(() => NOW, { runScript: async () => ({ body: 'made' }) }).deps,
      pageHeld: async () => items,
      forgetHeld: async (done) => void (items = items.filter((each) => !done.includes(each))),
      endRelease: async () => void did.push('ended'),
    }
    const { released } = await releaseHeld({ tenantId: 'default', subscriptionId: 'sub_a' }, deps, 5)
    expect(released).toBe(2)
    expect(did).toEqual(['ep_a "made"', 'ep_a "made"', 'ended'])
    expect(items).toEqual([])
  })
})

it('an event outside the windows is held until the next, whenever it is routed', () => {
  const at = Date.parse('2026-01-19T18:00:00Z')
  const schedule = scheduleSchema.parse({ windows: [{ days: ['tue'], from: '08:00', to: '09:00' }] })
  const segments = [{ segment: 1, records: packRecords([record({ receivedAt: at })]) }]
  const table = buildRoutingTable([subscribed('a', { schedule, createdAt: 0 })])
  const opens = Date.parse('2026-01-20T08:00:00Z')
  expect(sift({ ...handOver(), segments }, table, { now: at }).held).toMatchObject([
    { hold: { dueAt: opens } },
  ])
  expect(sift({ ...handOver(), segments }, table, { now: opens + 7_200_000 }).open).toHaveLength(1)
})
