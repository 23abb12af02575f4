import { describe, expect, it } from 'vitest'
import { HandOvers } from '../../src/ingest/hand-over.ts'
import { SegmentStore } from '../../src/ingest/segments.ts'
import type { Settlement } from '../../src/model/intake.ts'
import { settled } from '../support/settled.ts'
import { appendItem, NOW } from '../support/events.ts'
import { memorySql } from '../support/sqlite.ts'

interface Call {
  segments: number[]
  answer(settlement: Partial<Settlement>): Promise<void>
  fail(): Promise<void>
}

/** Segments of one intake and a route that the test plays. */
class World {
  now = NOW
  readonly #sql = memorySql()
  readonly #isOrdered: boolean
  store = new SegmentStore(this.#sql)
  calls: Call[] = []
  alarmAt: number | undefined
  handOvers: HandOvers

  constructor({ isOrdered = false } = {}) {
    this.#isOrdered = isOrdered
    this.handOvers = this.boot()
  }

  boot(): HandOvers {
    this.calls = []
    this.store = new SegmentStore(this.#sql)
    this.handOvers = new HandOvers({
      store: this.store,
      clock: { now: () => this.now, random: () => 0.5 },
      isOrdered: this.#isOrdered,
      later: () => undefined,
      route: (segments) =>
        new Promise((resolve, reject) => {
          const call: Call = {
            segments: segments.map(({ segment }) => segment),
            answer: async ({ settled: done = [], paged = [] }) => {
              this.calls = this.calls.filter((each) => each !== call)
              resolve({ settled: done, paged })
              await settled()
            },
            fail: async () => {
              this.calls = this.calls.filter((each) => each !== call)
              reject(new Error('route'))
              await settled()
            },
          }
          this.calls.push(call)
        }),
      wakeBy: (at) => (this.alarmAt = Math.min(this.alarmAt ?? Infinity, at)),
    })
    return this.handOvers
  }

  append(bytes = 10): number {
    const { segment, records } = this.store.append(
      [appendItem(null, { record: new Uint8Array(bytes) })],
      this.now,
    )
    this.handOvers.add(segment, records)
    return segment
  }

  /** Moves time to the alarm. */
  alarm(): void {
    this.now = Math.max(this.now, this.alarmAt ?? this.now)
    this.alarmAt = undefined
    this.handOvers.start()
  }

  get underWay(): number[][] {
    return this.calls.map(({ segments }) => segments)
  }
}

describe('handing over', () => {
  it('settles what route has brought to its endpoints', async () => {
    const world = new World()
    world.append()
    expect(world.handOvers.isIdle).toBe(false)
    await world.calls[0]?.answer({ settled: [1] })
    expect(world.handOvers.isIdle).toBe(true)
    expect([...world.store.unsettled]).toEqual([])
    expect(world.handOvers.nextDueAt()).toBeUndefined()
  })

  it('gathers what comes while a call is under way, for as long as it is worth waiting for', async () => {
    const world = new World()
    for (let n = 0; n < 3; n++) world.append()
    expect(world.underWay).toEqual([[1]])
    world.now += 25
    world.handOvers.start()
    expect(world.underWay).toEqual([[1], [2, 3]])
    world.append()
    await world.calls[1]?.answer({ settled: [2, 3] })
    world.now += 25
    world.handOvers.start()
    expect(world.underWay).toEqual([[1], [4]])
  })

  it('has no more than four calls under way', () => {
    const world = new World()
    for (let n = 0; n < 7; n++) {
      world.now += 25
      world.append()
    }
    expect(world.underWay).toEqual([[1], [2], [3], [4]])
  })

  it('has one call under way for an ordered source, and passes nothing that is not settled', async () => {
    const world = new World({ isOrdered: true })
    for (let n = 0; n < 3; n++) world.append()
    expect(world.underWay).toEqual([[1]])
    await world.calls[0]?.fail()
    world.append()
    expect(world.underWay).toEqual([])
    world.alarm()
    expect(world.underWay).toEqual([[1, 2, 3, 4]])
    await world.calls[0]?.answer({ settled: [1, 2] })
    expect(world.underWay).toEqual([])
    world.alarm()
    expect(world.underWay).toEqual([[3, 4]])
  })

  it('lets others pass a segment that failed, when the source is not ordered', async () => {
    const world = new World()
    world.append()
    await world.calls[0]?.fail()
    world.append()
    expect(world.underWay).toEqual([[2]])
  })

  it('comes again later after each failure, up to five minutes', async () => {
    const world = new World()
    world.append()
    const waits: number[] = []
    for (let n = 0; n < 9; n++) {
      const before = world.now
      await world.calls[0]?.fail()
      expect(world.underWay).toEqual([])
      world.alarm()
      waits.push((world.now - before) / 1000)
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
  })

  it('sends no more at once than a call may carry', () => {
    const world = new World({ isOrdered: true })
    world.append()
    for (let n = 0; n < 5; n++) world.append(1_400_000)
    return world.calls[0]?.answer({ settled: [1] }).then(() => {
      expect(world.underWay).toEqual([[2, 3]])
    })
  })

  it('reads back from storage what memory does not hold', async () => {
    const world = new World()
    for (let n = 0; n < 3; n++) world.append()
    world.store.mark(world.now)
    world.boot()
    world.handOvers.start()
    expect(world.underWay).toEqual([[1, 2, 3]])
  })

  it('keeps what was not settled over an eviction, and hands over nothing that was', async () => {
    const world = new World()
    world.append()
    world.append()
    await world.calls[0]?.answer({ settled: [1] })
    // The next segment's row carries that the first is settled.
    world.append()
    world.boot()
    world.handOvers.start()
    expect(world.underWay).toEqual([[2, 3]])
  })
})

describe('a fan-out in pages', () => {
  it('is settled when each of its pages has arrived', async () => {
    const world = new World()
    world.append()
    await world.calls[0]?.answer({ paged: [{ segment: 1, pages: [0, 1, 2] }] })
    for (const page of [2, 0, 0]) world.handOvers.settlePage(1, page)
    expect(world.handOvers.isIdle).toBe(false)
    world.handOvers.settlePage(1, 1)
    expect(world.handOvers.isIdle).toBe(true)
  })

  it('counts a page whose consumer was faster than the answer of route', async () => {
    const world = new World()
    world.append()
    world.handOvers.settlePage(1, 0)
    await world.calls[0]?.answer({ paged: [{ segment: 1, pages: [0, 1] }] })
    world.handOvers.settlePage(1, 1)
    expect(world.handOvers.isIdle).toBe(true)
    world.append()
    world.handOvers.settlePage(2, 0)
    await world.calls[0]?.answer({ paged: [{ segment: 2, pages: [0] }] })
    expect(world.handOvers.isIdle).toBe(true)
  })

  it('is written down as settled before the object leaves memory, and not when its time would be over', async () => {
    const world = new World()
    world.append()
    await world.calls[0]?.answer({ paged: [{ segment: 1, pages: [0] }] })
    world.now += 30_000
    world.alarmAt = undefined
    world.handOvers.settlePage(1, 0)
    expect(world.alarmAt).toBe(NOW + 35_000)
  })

  it('is handed over again when a page does not come, but not before two minutes, and two seconds for each', async () => {
    const world = new World()
    world.append()
    await world.calls[0]?.answer({ paged: [{ segment: 1, pages: [0, 1] }] })
    world.handOvers.settlePage(1, 0)
    world.now += 119_999
    world.handOvers.start()
    expect(world.underWay).toEqual([])
    world.alarm()
    expect(world.now).toBe(NOW + 124_000)
    expect(world.underWay).toEqual([[1]])
    await world.calls[0]?.answer({ paged: [{ segment: 1, pages: [0, 1] }] })
    world.handOvers.settlePage(1, 1)
    expect(world.handOvers.isIdle).toBe(false)
    world.handOvers.settlePage(1, 0)
    expect(world.handOvers.isIdle).toBe(true)
  })

  it('holds up an ordered source until it is settled', async () => {
    const world = new World({ isOrdered: true })
    world.append()
    world.append()
    await world.calls[0]?.answer({ paged: [{ segment: 1, pages: [0] }] })
    expect(world.underWay).toEqual([])
    world.handOvers.settlePage(1, 0)
    expect(world.underWay).toEqual([[2]])
  })

  it('is begun anew after an eviction, and ignores what is not known', () => {
    const world = new World()
    world.append()
    world.boot()
    world.handOvers.settlePage(1, 0)
    world.handOvers.settlePage(99, 0)
    expect(world.handOvers.isIdle).toBe(false)
    world.handOvers.start()
    expect(world.underWay).toEqual([[1]])
  })
})
