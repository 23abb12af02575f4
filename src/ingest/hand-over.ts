import type { Clock } from '../model/clock.ts'
import type { Settlement } from '../model/intake.ts'
import { openAfter, SAFETY_MS } from './intake.ts'
import type { SegmentStore } from './segments.ts'

/** Hand-overs under way at once; an ordered source has one. */
const CONCURRENT_MAX = 4
/**
 * While one hand-over is under way the next waits so long for it: under load it then carries many segments, and a
 * hand-over costs the same for one as for sixty. One that is slower than this holds up nobody.
 */
const PATIENCE_MS = 25
/** The size of one hand-over, well under the 32 MiB of an RPC. */
const HAND_OVER_BYTES_MAX = 4_000_000
const HAND_OVER_SEGMENTS_MAX = 64
/** Records kept in memory between commit and hand-over; what does not fit is read back from storage. */
const CACHE_BYTES_MAX = 8_000_000
/** A fan-out in pages may take this long, and so much longer for each page, before it is taken for lost and handed over again. */
const PAGED_MS_MAX = 120_000
const PAGE_MS_MAX = 2_000
/** An endpoint settles what it borrowed within the time for which it gathers its log, or it has died. */
const LENT_MS_MAX = 20_000
const BACKOFF_MS_MAX = 300_000

export interface HandOverDeps {
  store: SegmentStore
  clock: Clock
  isOrdered: boolean
  /** `mayLend`: endpoints may try what they have not written down. */
  route(segments: { segment: number; records: Uint8Array }[], mayLend: boolean): Promise<Settlement>
  wakeBy(at: number): void
  /** Calls back in about so many milliseconds, if the object lives. */
  later(callback: () => void, ms: number): void
}

interface Progress {
  state: 'open' | 'routing' | 'paged' | 'lent'
  /** False once it had to be handed over again, or has survived a crash: then endpoints write it down at once. */
  mayLend: boolean
  failures: number
  /** Not handed over again before this time. */
  notBefore: number
  /** Pages by number, and objects that borrowed by name. */
  pagesLeft: Set<number | string>
  /** Those that were faster than the answer of route. */
  pagesEarly: Set<number | string>
}

/** Brings every segment to route, in order where the source wants it, again and again until it is settled. */
export class HandOvers {
  readonly #deps: HandOverDeps
  readonly #progress = new Map<number, Progress>()
  readonly #cache = new Map<number, Uint8Array>()
  #cacheBytes = 0
  #underWay = 0
  /** Until then what is under way is waited for. */
  #patientUntil = 0

  constructor(deps: HandOverDeps) {
    this.#deps = deps
    for (const segment of deps.store.unsettled) this.#open(segment, false)
  }

  get isIdle(): boolean {
    return this.#progress.size === 0
  }

  add(segment: number, records: Uint8Array): void {
    this.#open(segment, !this.#deps.isOrdered)
    if (this.#cacheBytes + records.byteLength <= CACHE_BYTES_MAX) {
      this.#cache.set(segment, records)
      this.#cacheBytes += records.byteLength
    }
    this.start()
  }

  /** Starts whatever may start now. Never throws: what fails is due again later. */
  start(): void {
    const { isOrdered } = this.#deps
    while (this.#underWay < (isOrdered ? 1 : CONCURRENT_MAX)) {
      if (this.#underWay > 0 && this.#deps.clock.now() < this.#patientUntil) return
      const segments = this.#next()
      if (segments.length === 0) return
      void this.#handOver(segments)
    }
  }

  /** A page of a fan-out has reached its endpoints, or an object needs the intake's copy no more. */
  settlePage(segment: number, page: number | string): void {
    const progress = this.#progress.get(segment)
    if (progress?.state === 'routing') progress.pagesEarly.add(page)
    if (!progress?.pagesLeft.delete(page) || progress.pagesLeft.size > 0) return
    const { state } = progress
    this.#settle(segment)
    // Nothing else wakes the object soon: asleep it would forget this, and hand the whole fan-out over again.
    if (state === 'paged') this.#deps.wakeBy(this.#deps.clock.now() + SAFETY_MS)
    this.start()
  }

  /** When something that waits may be tried again; undefined when nothing is open. */
  nextDueAt(): number | undefined {
    const now = this.#deps.clock.now()
    let due: number | undefined
    for (const { state, notBefore } of this.#progress.values()) {
      // What is lent is soon settled, and that must be written down before this object leaves memory.
      const isSoon = state === 'routing' || state === 'lent'
      const at = isSoon ? now + SAFETY_MS : Math.max(notBefore, now + SAFETY_MS)
      due = Math.min(due ?? Infinity, at)
    }
    return due
  }

  #open(segment: number, mayLend: boolean): void {
    this.#progress.set(segment, {
      state: 'open',
      mayLend,
      failures: 0,
      notBefore: 0,
      pagesLeft: new Set(),
      pagesEarly: new Set(),
    })
  }

  /** The next share: consecutive open segments. In an ordered source nothing passes one that is not settled. */
  #next(): { segment: number; records: Uint8Array }[] {
    const now = this.#deps.clock.now()
    const share: { segment: number; records: Uint8Array }[] = []
    let bytes = 0
    for (const [segment, progress] of this.#progress) {
      const isOverdue = progress.notBefore <= now && (progress.state === 'paged' || progress.state === 'lent')
      if (isOverdue) Object.assign(progress, { state: 'open', mayLend: false })
      if (progress.state !== 'open' || progress.notBefore > now) {
        if (this.#deps.isOrdered) break
        continue
      }
      const records = this.#cache.get(segment) ?? this.#deps.store.read(segment)
      if (records === undefined) {
        this.#settle(segment)
        continue
      }
      if (
        share.length === HAND_OVER_SEGMENTS_MAX ||
        (share.length > 0 && bytes + records.byteLength > HAND_OVER_BYTES_MAX)
      )
        break
      bytes += records.byteLength
      share.push({ segment, records })
    }
    return share
  }

  async #handOver(share: { segment: number; records: Uint8Array }[]): Promise<void> {
    const segments = share.map(({ segment }) => segment)
    for (const segment of segments) this.#update(segment, { state: 'routing' })
    this.#underWay++
    this.#patientUntil = this.#deps.clock.now() + PATIENCE_MS
    this.#deps.later(() => this.start(), PATIENCE_MS + 1)
    try {
      const mayLend = segments.every((segment) => this.#progress.get(segment)?.mayLend)
      const settlement = await this.#deps.route(share, mayLend)
      for (const segment of settlement.settled) this.#settle(segment)
      for (const { segment, pages } of settlement.paged) this.#wait(segment, 'paged', pages)
      for (const { segment, objects } of settlement.lent ?? []) this.#wait(segment, 'lent', objects)
      this.#failed(openAfter(segments, settlement))
    } catch {
      this.#failed(segments)
    } finally {
      this.#underWay--
    }
    this.start()
  }

  #settle(segment: number): void {
    this.#progress.delete(segment)
    this.#deps.store.unsettled.delete(segment)
    this.#cacheBytes -= this.#cache.get(segment)?.byteLength ?? 0
    this.#cache.delete(segment)
  }

  #wait(segment: number, state: 'paged' | 'lent', pages: readonly (number | string)[]): void {
    const early = this.#progress.get(segment)?.pagesEarly ?? new Set()
    const pagesLeft = new Set<number | string>(pages).difference(early)
    if (pagesLeft.size === 0) return this.#settle(segment)
    const { clock, wakeBy } = this.#deps
    const now = clock.now()
    const pagedMsMax = PAGED_MS_MAX + pages.length * PAGE_MS_MAX
    const notBefore = now + (state === 'paged' ? pagedMsMax : LENT_MS_MAX)
    this.#update(segment, { state, pagesLeft, pagesEarly: new Set(), notBefore })
    wakeBy(state === 'paged' ? notBefore : now + SAFETY_MS)
  }

  #failed(segments: readonly number[]): void {
    const { clock, wakeBy } = this.#deps
    for (const segment of segments) {
      const failures = (this.#progress.get(segment)?.failures ?? 0) + 1
      const notBefore = clock.now() + Math.min(SAFETY_MS * 2 ** (failures - 1), BACKOFF_MS_MAX)
      this.#update(segment, { state: 'open', mayLend: false, failures, notBefore })
      wakeBy(notBefore)
    }
  }

  #update(segment: number, change: Partial<Progress>): void {
    const progress = this.#progress.get(segment)
    if (progress) Object.assign(progress, change)
  }
}
