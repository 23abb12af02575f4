import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DedupeWindow } from '../../src/ingest/dedupe-window.ts'
import { Intake } from '../../src/ingest/intake.ts'
import { SEGMENT_BYTES_MAX, SEGMENT_EVENTS_MAX, SegmentStore } from '../../src/ingest/segments.ts'
import { decodeEvent, unpackRecords } from '../../src/model/event.ts'
import type { AppendItem, Appended } from '../../src/model/intake.ts'
import { settled } from '../support/settled.ts'
import { appendItem, NOW } from '../support/events.ts'
import { memorySql } from '../support/sqlite.ts'

/** An intake on a disk whose sync the test ends, well or badly. */
class World {
  now = NOW
  readonly sql = memorySql()
  store = new SegmentStore(this.sql)
  readonly committed: number[] = []
  readonly alarms: number[] = []
  #syncs: PromiseWithResolvers<void>[] = []
  intake = this.boot()

  boot(): Intake {
    this.store = new SegmentStore(this.sql)
    this.intake = new Intake({
      store: this.store,
      clock: { now: () => this.now, random: () => 0.5 },
      turn: settled,
      sync: () => {
        const sync = Promise.withResolvers<void>()
        this.#syncs.push(sync)
        return sync.promise
      },
      wakeBy: (at) => void this.alarms.push(at),
      committed: (segment) => void this.committed.push(segment),
    })
    return this.intake
  }

  /** An append whose state can be asked. */
  append(...items: AppendItem[]): { state: () => string; answer: Promise<Appended[]> } {
    let state = 'waiting'
    const answer = this.intake.append(items)
    answer.then(
      () => (state = 'answered'),
      () => (state = 'failed'),
    )
    return { state: () => state, answer }
  }

  async sync(error?: Error): Promise<void> {
    await settled()
    await settled()
    const sync = this.#syncs.shift()
    if (sync === undefined) throw new Error('nothing is being committed')
    if (error) sync.reject(error)
    else sync.resolve()
    await settled()
  }

  get syncsUnderWay(): number {
    return this.#syncs.length
  }

  idsOf(segment: number): string[] {
    return unpackRecords(this.store.read(segment) ?? new Uint8Array()).map(
      (each) => decodeEvent(each).head.id,
    )
  }
}

describe('group commit', () => {
  it('answers nobody before the row of their event is durable', async () => {
    const world = new World()
    const appends = [world.append(appendItem('a')), world.append(appendItem('b'))]
    await settled()
    await settled()
    expect(appends.map(({ state }) => state())).toEqual(['waiting', 'waiting'])
    expect(world.committed).toEqual([])
    await world.sync()
    expect(appends.map(({ state }) => state())).toEqual(['answered', 'answered'])
    expect(world.committed).toEqual([1])
    expect(world.alarms).toEqual([NOW + 5_000])
  })

  it('writes what arrives during a commit into the next row, in the order of arrival', async () => {
    const world = new World()
    const first = appendItem('first')
    world.append(first)
    await settled()
    await settled()
    const later = ['x', 'y', 'z'].map((key) => appendItem(key))
    const appends = later.map((item) => world.append(item))
    await world.sync()
    expect(appends.map(({ state }) => state())).toEqual(['waiting', 'waiting', 'waiting'])
    await world.sync()
    expect([world.idsOf(1), world.idsOf(2)]).toEqual([[first.id], later.map(({ id }) => id)])
    expect(world.syncsUnderWay).toBe(0)
  })

  it('keeps a batch together and within the size of a row', async () => {
    const world = new World()
    const many = Array.from({ length: SEGMENT_EVENTS_MAX + 5 }, () => appendItem(null))
    const { answer } = world.append(...many)
    await world.sync()
    await world.sync()
    expect((await answer).map(({ id }) => id)).toEqual(many.map(({ id }) => id))
    expect([...world.idsOf(1), ...world.idsOf(2)]).toEqual(many.map(({ id }) => id))
    const large = Array.from({ length: 4 }, () => appendItem(null, { record: new Uint8Array(500_000) }))
    world.append(...large)
    await world.sync()
    await world.sync()
    expect(world.store.read(3)?.byteLength).toBeLessThanOrEqual(SEGMENT_BYTES_MAX + 100)
    const counts = [3, 4].map(
      (segment) => unpackRecords(world.store.read(segment) ?? new Uint8Array()).length,
    )
    expect(counts).toEqual([3, 1])
  })

  it('refuses a record that no row could hold, and all that came with it', async () => {
    const world = new World()
    const large = appendItem('large', { record: new Uint8Array(600_001) })
    await expect(world.append(appendItem('a'), large).answer).rejects.toThrow('too large')
    const again = world.append(appendItem('a'))
    await world.sync()
    expect(await again.answer).toMatchObject([{ duplicate: false }])
    expect(unpackRecords(world.store.read(1) ?? new Uint8Array())).toHaveLength(1)
  })
})

describe('a commit that fails', () => {
  it('fails everyone in it, and forgets their keys, so that a repeat is tried afresh', async () => {
    const world = new World()
    const appends = [
      world.append(appendItem('a')),
      world.append(appendItem('b')),
      world.append(appendItem('a')),
    ]
    await world.sync(new Error('disk'))
    expect(appends.map(({ state }) => state())).toEqual(['failed', 'failed', 'failed'])
    expect(world.committed).toEqual([])
    const again = appendItem('a')
    const { answer } = world.append(again)
    await world.sync()
    expect(await answer).toEqual([{ id: again.id, duplicate: false }])
  })

  it('does not take the next one with it', async () => {
    const world = new World()
    const first = world.append(appendItem('a'))
    await settled()
    await settled()
    const second = world.append(appendItem('b'))
    await world.sync(new Error('disk'))
    await world.sync()
    expect([first.state(), second.state()]).toEqual(['failed', 'answered'])
  })
})

describe('a repeat', () => {
  it('in the same batch, the same commit or later is answered with the first', async () => {
    const world = new World()
    const [first, twin, other] = [appendItem('k'), appendItem('k'), appendItem('k')]
    const one = world.append(first, twin)
    const two = world.append(other)
    await world.sync()
    const answers = [...(await one.answer), ...(await two.answer)]
    expect(answers).toEqual([
      { id: first.id, duplicate: false },
      { id: first.id, duplicate: true },
      { id: first.id, duplicate: true },
    ])
    expect(world.idsOf(1)).toEqual([first.id])
    expect(await world.append(appendItem('k')).answer).toEqual([{ id: first.id, duplicate: true }])
    expect(world.syncsUnderWay).toBe(0)
  })

  it('is not answered before the first is durable', async () => {
    const world = new World()
    world.append(appendItem('k'))
    await settled()
    await settled()
    const repeat = world.append(appendItem('k'))
    await settled()
    expect(repeat.state()).toBe('waiting')
    await world.sync()
    expect(repeat.state()).toBe('answered')
  })

  it('is known after an eviction, until its window ends', async () => {
    const world = new World()
    const first = appendItem('k', { windowMs: 60_000 })
    world.append(first)
    await world.sync()
    world.boot()
    world.now += 59_999
    expect(await world.append(appendItem('k')).answer).toEqual([{ id: first.id, duplicate: true }])
    world.boot()
    world.now += 1
    const after = world.append(appendItem('k'))
    await world.sync()
    expect((await after.answer)[0]?.duplicate).toBe(false)
  })

  it('is not looked for without a key', async () => {
    const world = new World()
    const { answer } = world.append(appendItem(null), appendItem(null))
    await world.sync()
    expect((await answer).every(({ duplicate }) => !duplicate)).toBe(true)
  })

  it('is one event for any sequence of keys and evictions', async () => {
    const step = fc.oneof(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 6 }),
      fc.constant('evict'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const world = new World()
        const firsts = new Map<string, string>()
        for (const keys of steps) {
          if (typeof keys === 'string') {
            world.boot()
            continue
          }
          const items = keys.map((key) => appendItem(key))
          for (const [at, key] of keys.entries()) if (!firsts.has(key)) firsts.set(key, items[at]?.id ?? '')
          const { answer } = world.append(...items)
          await settled()
          await settled()
          if (world.syncsUnderWay > 0) await world.sync()
          expect((await answer).map(({ id }) => id)).toEqual(keys.map((key) => firsts.get(key)))
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('the window of remembered keys', () => {
  it('forgets the oldest when it is full, and never grows beyond its bound', () => {
    const window = new DedupeWindow(3)
    for (const key of ['a', 'b', 'c', 'a', 'd']) {
      window.remember({ key, id: `evt_${key}`, expiresAt: NOW + 1 })
    }
    expect(['a', 'b', 'c', 'd'].map((key) => window.find(key, NOW))).toEqual([
      'evt_a',
      undefined,
      'evt_c',
      'evt_d',
    ])
    expect(window.find('a', NOW + 1)).toBeUndefined()
  })
})
