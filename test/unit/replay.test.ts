import { describe, expect, it } from 'vitest'
import type { Replay } from '../../src/model/replay.ts'
import { consumeReplays, sweepReplays, type ReplayMessage } from '../../src/replay/consume.ts'
import { LEASE_MS, type ReplayDeps } from '../../src/replay/step.ts'

const START = Date.UTC(2026, 0, 1)
const ID = 'rpl_01K00000000000000000000000'

/** One replay over numbered rows, with a clock; endpoints know by itself what they have. */
class World {
  now = START
  replay: Replay
  readonly rows: number[]
  /** What endpoints got, each row once. */
  readonly handed = new Set<number>()
  readonly queue: { message: ReplayMessage; at: number }[] = []
  fail: 'hand over' | 'save' | 'gone' | undefined

  constructor(count: number, more: Partial<Replay> = {}) {
    this.rows = Array.from({ length: count }, (_, at) => at)
    this.replay = {
      id: ID,
      tenantId: 'default',
      query: { from: 0, to: START },
      endpointId: null,
      ratePerSecond: null,
      state: 'planned',
      matched: count,
      done: 0,
      failed: 0,
      error: null,
      cursor: null,
      leasedUntil: 0,
      createdAt: START,
      updatedAt: START,
      ...more,
    }
  }

  readonly deps: ReplayDeps<number> & Parameters<typeof sweepReplays<number>>[0] = {
    now: () => this.now,
    claim: async (_, now) => {
      if (!this.isOpen || this.replay.leasedUntil > now) return undefined
      this.replay = { ...this.replay, state: 'running', leasedUntil: now + LEASE_MS }
      return this.replay
    },
    save: async ({ leasedUntil }, progress) => {
      if (this.fail === 'save') throw new Error('the database is away')
      if (!this.isOpen || this.replay.leasedUntil !== leasedUntil) return false
      this.replay = { ...this.replay, ...progress }
      return true
    },
    select: async ({ cursor }, limit) => {
      const from = cursor === null ? 0 : Number(cursor) + 1
      const rows = this.rows.slice(from, from + limit)
      return { rows, next: rows.length === limit ? String(rows.at(-1)) : undefined }
    },
    handOver: async (_, rows) => {
      if (this.fail === 'gone') return { gone: 'The endpoint was deleted.' }
      for (const row of rows) {
        if (this.fail === 'hand over' && row % 10 === 5) throw new Error('overloaded')
        this.handed.add(row)
      }
      return { done: rows.length, failed: 0 }
    },
    enqueue: async (message, delaySeconds) => {
      this.queue.push({ message, at: this.now + delaySeconds * 1000 })
    },
    expire: async () => undefined,
    pageDue: async (now) => (this.isOpen && this.replay.leasedUntil <= now ? [ID] : []),
  }

  get isOpen(): boolean {
    return this.replay.state === 'planned' || this.replay.state === 'running'
  }

  /** One message is consumed when its time has come; false: there is none. */
  async consume(): Promise<boolean> {
    const next = this.queue.shift()
    if (!next) return false
    this.now = Math.max(this.now, next.at)
    const message = { body: next.message, ack: () => undefined }
    await consumeReplays({ messages: [message] }, this.deps)
    return true
  }

  async run(): Promise<void> {
    await sweepReplays(this.deps)
    while (await this.consume());
  }
}

describe('a replay', () => {
  it('hands over every row once and then says how many', async () => {
    const world = new World(2_345, { matched: 7 })
    await world.run()
    expect(world.handed.size).toBe(2_345)
    expect(world.replay).toMatchObject({ state: 'done', done: 2_345, matched: 2_345, failed: 0 })
  })

  it('that finds nothing is done', async () => {
    const world = new World(0)
    await world.run()
    expect(world.replay).toMatchObject({ state: 'done', done: 0 })
  })

  it('keeps to its rate', async () => {
    const world = new World(100, { ratePerSecond: 2 })
    await world.run()
    expect(world.handed.size).toBe(100)
    expect(world.now - START).toBeGreaterThanOrEqual(45_000)
    expect(world.now - START).toBeLessThanOrEqual(50_000)
  })

  it('goes on where it stood after a step that failed, and says meanwhile what was wrong', async () => {
    const world = new World(250)
    world.fail = 'hand over'
    await sweepReplays(world.deps)
    expect(world.replay).toMatchObject({ state: 'running', done: 0, error: 'A step failed: overloaded' })
    world.fail = undefined
    while (await world.consume());
    expect(world.replay).toMatchObject({ state: 'done', done: 250, error: null })
  })

  it('is taken up by the sweep after a step that was lost, when its lease is over', async () => {
    const world = new World(250)
    world.fail = 'save'
    await expect(sweepReplays(world.deps)).rejects.toThrow('away')
    world.fail = undefined
    await sweepReplays(world.deps)
    expect(world.replay.done).toBe(0)
    world.now += LEASE_MS
    await world.run()
    expect(world.replay).toMatchObject({ state: 'done', done: 250 })
  })

  it('stops where it is when it is aborted, also in the middle of a step', async () => {
    const world = new World(100_000)
    await sweepReplays(world.deps)
    const { done } = world.replay
    world.replay = { ...world.replay, state: 'aborted' }
    while (await world.consume());
    expect(world.replay).toMatchObject({ state: 'aborted', done })
  })

  it('fails for good when its endpoint is gone', async () => {
    const world = new World(10)
    world.fail = 'gone'
    await world.run()
    expect(world.replay).toMatchObject({ state: 'failed', error: 'The endpoint was deleted.' })
  })

  it('takes one step at a time, however many are asked for', async () => {
    const world = new World(250, { ratePerSecond: 1 })
    await Promise.all([sweepReplays(world.deps), sweepReplays(world.deps)])
    expect(world.handed.size).toBe(5)
  })
})
