import type { Alarm } from '../model/alarm.ts'
import { within, type After, type Clock } from '../model/clock.ts'
import {
  parseIntakeName,
  type AppendItem,
  type Appended,
  type HandOver,
  type Settlement,
} from '../model/intake.ts'
import { take, type RateLimit, type RateVerdict } from '../model/rate-limit.ts'
import { HandOvers } from './hand-over.ts'
import { Intake, REST_MS, SAFETY_MS } from './intake.ts'
import type { SegmentStore } from './segments.ts'

/** A hand-over that takes longer is taken for lost; a repeat is harmless. */
const ROUTE_MS_MAX = 60_000

export interface InboxDeps {
  store: SegmentStore
  /** `tenant/source/region`, where region may be `ordered`. */
  name: string
  clock: Clock
  after: After
  alarm: Alarm
  /** Resolves in a later turn of the event loop. */
  turn(): Promise<void>
  /** Resolves when all writes so far are durable. */
  sync(): Promise<void>
  route(handOver: HandOver): Promise<Settlement>
  /** Makes the object known to the sweep. */
  register(): Promise<void>
}

/** All that an intake object does: appends are durable when answered, and every segment is routed in the end. */
export class Inbox {
  readonly #deps: InboxDeps
  readonly #handOvers: HandOvers
  readonly #intake: Intake
  /** Whether this life has tried to register; a failure is tried again with the alarm. */
  #hasAsked = false

  constructor(deps: InboxDeps) {
    const { store, name, clock, after, alarm, turn, sync } = deps
    this.#deps = deps
    const shared = { store, clock, wakeBy: (at: number) => alarm.wakeBy(at) }
    this.#handOvers = new HandOvers({
      ...shared,
      isOrdered: name.split('/')[2] === 'ordered',
      route: (segments, mayLend) => this.#route(segments, mayLend),
      later: (callback, ms) => void after(ms, callback),
    })
    this.#intake = new Intake({
      ...shared,
      turn,
      sync,
      committed: (segment, records) => {
        this.#handOvers.add(segment, records)
        // The sweep must know it before an alarm can be lost.
        if (!store.registered && !this.#hasAsked) void this.#register()
      },
    })
    if (!this.#handOvers.isIdle) this.#handOvers.start()
  }

  /** Answers when every item is durable. */
  append(items: readonly AppendItem[]): Promise<Appended[]> {
    return this.#intake.append(items)
  }

  /** Counts one request. What it leaves behind is stored with the next append. */
  take(limit: RateLimit): RateVerdict {
    const { store, clock } = this.#deps
    const { verdict, fullAt } = take(limit, store.rateFullAt, clock.now())
    store.rateFullAt = fullAt
    return verdict
  }

  /** The record of one event, or null when the retention has taken it. */
  read(segment: number, index: number): Uint8Array | null {
    return this.#deps.store.readRecord(segment, index) ?? null
  }

  /** Whole segments, for a consumer of the fan-out queue. */
  readSegments(segments: readonly number[]): { segment: number; records: Uint8Array }[] {
    return segments.flatMap((segment) => {
      const records = this.#deps.store.read(segment)
      return records ? [{ segment, records }] : []
    })
  }

  /** Takes the payloads of events out, in their place. */
  erase(events: readonly { segment: number; index: number }[]): { segments: number; bodyKeys: string[] } {
    const bySegment = Map.groupBy(events, ({ segment }) => segment)
    const erased = [...bySegment].map(([segment, list]) =>
      this.#deps.store.erase(
        segment,
        list.map(({ index }) => index),
      ),
    )
    const segments = erased.filter(({ isChanged }) => isChanged).length
    return { segments, bodyKeys: erased.flatMap(({ bodyKeys }) => bodyKeys) }
  }

  settlePage(segments: readonly number[], page: number | string): void {
    for (const segment of segments) this.#handOvers.settlePage(segment, page)
  }

  /** For the sweep: sets right whatever an accident left without an alarm, and drops what is older than its tenant keeps. Returns the open segments. */
  async check(retentionMs?: number): Promise<number> {
    await this.#deps.alarm.recheck()
    this.#arm()
    this.#handOvers.start()
    this.#retain(retentionMs)
    return this.#deps.store.unsettled.size
  }

  /** What the alarm does. */
  async tick(): Promise<void> {
    const { alarm, clock, store } = this.#deps
    alarm.fired()
    this.#arm()
    const now = clock.now()
    if (!store.registered) await this.#register()
    if (!this.#handOvers.isIdle) this.#handOvers.start()
    // While events keep coming, the next segment's row says what a mark would.
    else if (now - this.#intake.appendedAt >= REST_MS) store.mark(now)
    else if (store.isDirty) alarm.wakeBy(now + SAFETY_MS)
  }

  #retain(retentionMs: number | undefined): void {
    const now = this.#deps.clock.now()
    if (retentionMs !== undefined) this.#deps.store.retain({ before: now - retentionMs, now })
  }

  #arm(): void {
    const due = this.#handOvers.nextDueAt()
    if (due !== undefined) this.#deps.alarm.wakeBy(due)
  }

  #route(segments: HandOver['segments'], mayLend: boolean): Promise<Settlement> {
    const { name, route, after } = this.#deps
    return within(ROUTE_MS_MAX, route({ ...parseIntakeName(name), intake: name, segments, mayLend }), after)
  }

  /** A failure is tried again with the next alarm. */
  async #register(): Promise<void> {
    const { register, alarm, clock } = this.#deps
    this.#hasAsked = true
    try {
      await register()
      this.#deps.store.registered = true
    } catch {
      alarm.wakeBy(clock.now() + ROUTE_MS_MAX)
    }
  }
}
