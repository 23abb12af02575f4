import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sql } from '../../src/db/journal.ts'
import type { Aggregation } from '../../src/model/batch.ts'
import type { Outcome } from '../../src/model/attempt.ts'
import type { DeliveryId } from '../../src/model/id.ts'
import type { JournalClass } from '../../src/model/journal-class.ts'
import { BatchWatch } from '../support/batch-watch.ts'
import { QueueWorld, START } from '../support/queue-world.ts'
import { steps, type Step } from './endpoint-history.case.ts'

const SCHEDULE = [0, 1, 5, 30]
const RATE = { limit: 3, periodSeconds: 2 }

/** Settings that are walked through. */
const PROFILES = {
  // Without a window, which would only hide a place that stays empty.
  plain: { adaptive: false, circuit: { failures: 1000 } },
  paced: { rateLimit: RATE, circuit: { failures: 4, failingSeconds: 1, cooldownSeconds: 3 } },
  batched: { adaptive: false, circuit: { failures: 1000 }, batch: { maxEvents: 5, maxSeconds: 4 } },
  blocking: { adaptive: false, circuit: { failures: 1000 }, onExhausted: 'block' },
}
type Profile = keyof typeof PROFILES
type Ordering = 'none' | 'key' | 'endpoint'
export type Way = readonly [Ordering, Profile]

const WAYS: readonly Way[] = [
  ['none', 'plain'],
  ['none', 'paced'],
  ['none', 'batched'],
  ['key', 'plain'],
  ['key', 'paced'],
  ['key', 'batched'],
  ['key', 'blocking'],
  ['endpoint', 'plain'],
  ['endpoint', 'paced'],
  ['endpoint', 'batched'],
  ['endpoint', 'blocking'],
]

/** Of some hand-overs, and not the same for those with the same ordering key. */
function aggregationOf(profile: Profile, keys: readonly unknown[]): Aggregation | undefined {
  if (profile !== 'batched' || keys.length % 2 === 0) return undefined
  return [keys.length % 3 === 0 ? null : 'x', 4, 6]
}

/** The suite: `perWay` histories for each of the ways to set an endpoint, played on the disk of the caller. */
export function describeHistories(perWay: number, play: (way: Way, history: Step[]) => Promise<void>): void {
  describe('random histories of one endpoint', () => {
    it.each(WAYS)('keep every invariant with ordering: %s, %s', { timeout: 120_000 }, async (...way) => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 60 }), (history) => play(way, history)),
        { numRuns: perWay, seed: 20261122 },
      )
    })
  })
}

/** One history, with what is known of each delivery; every step is followed by a look at the invariants of docs/delivery.md. */
export class Walk {
  settings: Record<string, unknown>
  readonly #profile: Profile
  readonly world: QueueWorld
  readonly accepted: ReturnType<QueueWorld['accept']>[] = []
  isPaused = false
  /** After a resume the places come back one by one. */
  isRamping = false
  quietUntil = 0
  /** The same, crashes or not. */
  quietUntilEver = 0
  /** When each delivery may be tried next, as far as its receiver and schedule say. */
  readonly dueAt = new Map<DeliveryId, number>()
  readonly ended = new Set<DeliveryId>()
  readonly cancelled = new Set<DeliveryId>()
  readonly #dead = new Set<DeliveryId>()
  readonly #batches = new BatchWatch()
  crashes = 0
  #seen = 0
  readonly #keys = new Map<DeliveryId, string | undefined>()
  /** Before which none may be tried, unless a person said so. */
  readonly #deliverAt = new Map<DeliveryId, number>()

  /** Started attempts that the rate has to pay for. */
  #bucket = { tokens: RATE.limit, at: START }

  constructor([ordering, profile]: Way, disk: () => Sql) {
    this.#profile = profile
    this.settings = { ordering, retry: { scheduleSeconds: SCHEDULE }, ...PROFILES[profile] }
    this.world = new QueueWorld(disk, this.settings)
  }

  async take(step: Step): Promise<void> {
    const { world } = this
    if (step.do === 'accept') {
      const { keys, delayMs } = step
      const deliverAt = world.now + delayMs
      const accepted = world.accept(keys.length, keys, {
        ...(delayMs > 0 && { deliverAt }),
        class: this.#classOf(step.class),
        mayBorrow: step.isLent,
        aggregate: aggregationOf(this.#profile, keys),
      })
      for (const id of accepted.ids) this.#deliverAt.set(id, deliverAt)
      this.accepted.push(accepted)
      for (const [index, id] of accepted.ids.entries()) this.#keys.set(id, step.keys[index])
    }
    if (step.do === 'repeat') {
      const known = this.accepted[step.which % Math.max(1, this.accepted.length)]
      if (known) world.queue.accept(known.batch)
    }
    if (step.do === 'by hand') this.#byHand(step)
    if (step.do === 'answer') await this.#answer(step)
    if (step.do === 'wait') world.now = Math.min(world.now + step.ms, world.alarmAt ?? Infinity)
    if (step.do === 'tune') this.#tune(step)
    if (step.do === 'alarm') await world.fireAlarm()
    if (step.do === 'crash') this.#crash()
    if (step.do === 'pause' || step.do === 'resume') this.#switch(step.do === 'pause')
    if (step.do === 'write log') world.writeLog()
    if (step.do === 'write one') world.writeLog(1)
    if (step.do === 'lose log') world.loseLog()
    this.check()
  }

  check(): void {
    const { world } = this
    const isOrdered = this.settings['ordering'] === 'endpoint'
    expect(world.inFlight.length, 'I10').toBeLessThanOrEqual(isOrdered ? 1 : 6)
    const ids = world.inFlight.flatMap((each) => each.ids)
    this.#batches.check(world.requests, this.cancelled)
    expect(new Set(ids).size, 'a delivery is tried once at a time').toBe(ids.length)
    const fresh = world.started.slice(this.#seen)
    this.#seen = world.started.length
    const places = Number(this.settings['concurrency'] ?? 6)
    if (fresh.length > 0) expect(world.inFlight.length, 'I10: as set').toBeLessThanOrEqual(places)
    for (const { id, attempt, at } of fresh) {
      expect(this.isPaused, 'I8: nothing starts while paused').toBe(false)
      expect(at, 'I7: not before its time').toBeGreaterThanOrEqual(this.#deliverAt.get(id) ?? 0)
      expect(at, 'I7: not before Retry-After').toBeGreaterThanOrEqual(this.quietUntil)
      expect(at, 'I7: not before it is due').toBeGreaterThanOrEqual(this.dueAt.get(id) ?? 0)
      expect(attempt, 'I6').toBeLessThanOrEqual(4)
      this.#spend(at)
      expect(this.cancelled.has(id), 'I11: what was cancelled is never sent').toBe(false)
      if (this.crashes === 0) expect(this.ended.has(id), 'nothing is sent again after it ended').toBe(false)
      this.#checkOrder(id)
    }
    this.#checkNobodyWaitsInVain()
    const isDue = world.queue.nextWakeAt()
    if (isDue !== undefined) expect(world.alarmAt, 'I4: an alarm is set when work is due').toBeDefined()
  }

  /** Plays a kind receiver and a working log until nothing moves; then everything must have come to its end. */
  async finish(): Promise<void> {
    const { world } = this
    this.#switch(false)
    this.check()
    for (let turns = 0; turns < 10_000; turns++) {
      const [first] = world.inFlight
      if (first) {
        for (const each of first.ids) this.ended.add(each)
        await first.answer({ outcome: { kind: 'delivered', statusCode: 200 } })
      } else {
        world.writeLog()
        if (!(await world.fireAlarm())) break
      }
      this.check()
    }
    const ids = this.accepted.flatMap((each) => each.ids)
    for (const id of ids) {
      if (this.#isBehindBlock(id)) continue
      const row = world.log.get(id)
      const ends = this.cancelled.has(id) ? ['cancelled'] : ['delivered', 'dead']
      expect(ends, `I2: ${id} has ended in the log`).toContain(row?.status)
      // Of an attempt that a crash took nobody knows the outcome, and after a cancellation none repeats it.
      if (this.cancelled.has(id) && this.crashes > 0) continue
      const attempts = world.started.filter((each) => each.id === id)
      const numbers = new Set(attempts.map(({ attempt }) => String(attempt)))
      expect(Object.keys(row?.attemptLog ?? {}).length, 'I9: each attempt is logged').toBe(numbers.size)
    }
    expect(world.log.size, 'I1, I3: no other delivery appears').toBe(new Set(ids).size)
    expect(world.queue.nextWakeAt(), 'I4: nothing wakes an idle object').toBeUndefined()
  }

  /** After the finish: what D1 has confirmed is not repeated by an object that begins anew. */
  async expectNothingAgain(): Promise<void> {
    const { world } = this
    const before = world.started.length
    this.#crash()
    while (await world.fireAlarm()) world.writeLog()
    expect(world.started.length, 'nothing that D1 confirmed is repeated after a crash').toBe(before)
  }

  #byHand({ order, which, index }: { order: 'retry' | 'cancel'; which: number; index: number }): void {
    const accepted = this.accepted[which % Math.max(1, this.accepted.length)]
    if (!accepted) return
    const at = index % accepted.ids.length
    const id = accepted.ids[at]
    // What blocks its key begins a new round by hand: a history of its own.
    if (id !== undefined && this.#profile === 'blocking' && this.#dead.has(id)) return
    const { kind } = this.world.queue.order(order, QueueWorld.refOf(accepted, at))
    // Asked for by hand: due now, whatever its schedule and its publisher say.
    if (id !== undefined && order === 'retry') {
      for (const each of [id, ...this.#batches.with(id)]) this.dueAt.delete(each)
      this.#deliverAt.delete(id)
    }
    if (id === undefined || order !== 'cancel' || kind !== 'done') return
    this.ended.add(id)
    this.cancelled.add(id)
  }

  async #answer({ which, outcome: given }: { which: number; outcome: Outcome }): Promise<void> {
    const { world } = this
    const attempt = world.inFlight[which % Math.max(1, world.inFlight.length)]
    if (!attempt) return
    if (given.kind === 'deferred' && given.retryAfterMs !== undefined) {
      this.quietUntil = Math.max(this.quietUntil, world.now + given.retryAfterMs)
      this.quietUntilEver = Math.max(this.quietUntilEver, this.quietUntil)
    }
    for (const id of attempt.ids) {
      if (given.kind === 'deferred' && attempt.attempt < SCHEDULE.length) {
        this.dueAt.set(id, world.now + (SCHEDULE[attempt.attempt] ?? 0) * 1000)
        continue
      }
      this.ended.add(id)
      this.dueAt.delete(id)
      if (given.kind !== 'delivered') this.#dead.add(id)
    }
    await attempt.answer({ outcome: given })
  }

  /** Only where no order is kept may one class pass another. */
  #classOf(given: JournalClass): JournalClass {
    if (this.settings['ordering'] !== 'none') return 'normal'
    // Replays leave places empty on purpose, which only the plain profile watches.
    return this.#profile === 'plain' && given === 'replay' ? 'low' : given
  }

  #tune({ concurrency, isLimited }: { concurrency: number; isLimited: boolean }): void {
    if (this.#profile !== 'paced') return
    this.settings = { ...this.settings, concurrency, rateLimit: isLimited ? RATE : null }
    this.#bucket = { tokens: RATE.limit, at: this.world.now }
    this.world.configure({ ...this.settings, state: this.isPaused ? 'paused' : 'active' })
  }

  #spend(now: number): void {
    if (this.#profile !== 'paced' || this.settings['rateLimit'] === null) return
    const { limit, periodSeconds } = RATE
    const gained = (Math.max(0, now - this.#bucket.at) * limit) / (periodSeconds * 1000)
    const tokens = Math.min(limit, this.#bucket.tokens + gained) - 1
    this.#bucket = { tokens, at: Math.max(now, this.#bucket.at) }
    expect(tokens, 'no more than the rate permits').toBeGreaterThan(-0.01)
  }

  /** It waits for a person behind one that is dead. */
  #isBehindBlock(id: DeliveryId): boolean {
    return this.#profile === 'blocking' && this.#before(id).some((each) => this.#dead.has(each))
  }

  #switch(isPaused: boolean): void {
    this.isRamping = true
    this.isPaused = isPaused
    this.world.configure({ ...this.settings, state: isPaused ? 'paused' : 'active' })
  }

  /** A `Retry-After` that no row has carried yet is forgotten with the memory. */
  #crash(): void {
    this.crashes++
    this.isRamping = false
    this.quietUntil = 0
    this.#bucket = { tokens: RATE.limit, at: this.world.now }
    this.world.crash()
  }

  /** I5: everything accepted before it has ended, repeats after a crash aside. */
  #checkOrder(id: DeliveryId): void {
    for (const each of this.#before(id)) {
      const isWith = this.#batches.with(id).includes(each)
      expect(isWith || this.ended.has(each), `I5: ${id} does not pass ${each}`).toBe(true)
    }
  }

  /** Deliveries that must have ended before this one may start. */
  #before(id: DeliveryId): DeliveryId[] {
    const ids = this.accepted.flatMap((each) => each.ids)
    const older = ids.slice(0, ids.indexOf(id))
    if (this.settings['ordering'] === 'endpoint') return older
    const own = this.#keys.get(id)
    if (this.settings['ordering'] === 'none' || own === undefined) return []
    return older.filter((each) => this.#keys.get(each) === own)
  }

  /** A place stays empty only when nothing may take it: a stuck key delays only itself. After a crash, repeats may take it too. */
  #checkNobodyWaitsInVain(): void {
    const { world } = this
    if (this.#profile !== 'plain') return
    const places = this.settings['ordering'] === 'endpoint' ? 1 : 6
    if (this.crashes > 0 || this.isRamping || this.isPaused || world.inFlight.length >= places) return
    if (world.now < this.quietUntilEver || world.now >= (world.alarmAt ?? Infinity)) return
    const started = new Set([...world.started.map((each) => each.id), ...this.cancelled])
    const isDue = (id: DeliveryId) => (this.#deliverAt.get(id) ?? 0) <= world.now
    const waiting = this.accepted.flatMap((each) => each.ids).filter((id) => !started.has(id) && isDue(id))
    const inVain = waiting.filter((id) => this.#before(id).every((each) => this.ended.has(each)))
    expect(inVain, 'I5: nobody waits in vain').toEqual([])
  }
}
