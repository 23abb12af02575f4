import type { Clock } from '../model/clock.ts'
import type { AppendItem, Appended, Settlement } from '../model/intake.ts'
import { invariant } from '../model/invariant.ts'
import { DedupeWindow } from './dedupe-window.ts'
import { SEGMENT_BYTES_MAX, SEGMENT_EVENTS_MAX, type SegmentStore } from './segments.ts'

/** One event at most may be this large as a record; bodies beyond 256 KiB travel by reference. */
const RECORD_BYTES_MAX = 600_000

export interface IntakeDeps {
  store: SegmentStore
  clock: Clock
  /** Resolves in a later turn of the event loop, so that everything that has already arrived joins the commit. */
  turn(): Promise<void>
  /** Resolves when all writes so far are durable. */
  sync(): Promise<void>
  /** Makes sure that an alarm comes no later than `at`. */
  wakeBy(at: number): void
  /** Called after a commit, with the new segment. */
  committed(segment: number, records: Uint8Array): void
}

interface Waiting {
  item: AppendItem
  resolve(): void
  reject(error: unknown): void
}

/** How long after an append an alarm looks whether route has settled it. Under the 10 s after which an idle object leaves memory. */
export const SAFETY_MS = 5_000
/** After so long without an append the next alarm brings all to rest; less than its wait, for it may come early. */
export const REST_MS = 4_000

/**
 * Group commit: what arrives while a commit is under way shares the next one, so that a busy object writes one row
 * for many events. Nobody is answered before the row of their event is durable.
 */
export class Intake {
  readonly #deps: IntakeDeps
  readonly #dedupe = new DedupeWindow()
  #waiting: Waiting[] = []
  /** Keys in the commits under way: a repeat waits for the same commit. */
  readonly #uncommitted = new Map<string, Promise<void>>()
  #isCommitting = false
  /** When the last segment was committed in this life, in milliseconds. */
  appendedAt = 0

  constructor(deps: IntakeDeps) {
    this.#deps = deps
    for (const entry of deps.store.keys(deps.clock.now())) this.#dedupe.remember(entry)
  }

  /** Answers when every item is durable. A batch is one unit: its items are consecutive in the order of the source. */
  async append(items: readonly AppendItem[]): Promise<Appended[]> {
    const now = this.#deps.clock.now()
    const pending: Promise<void>[] = []
    for (const { record } of items)
      invariant(record.byteLength <= RECORD_BYTES_MAX, 'append: the record is too large')
    const appended = items.map((item): Appended => {
      const first = item.key === null ? undefined : this.#dedupe.find(item.key, now)
      if (first !== undefined) {
        pending.push(this.#uncommitted.get(item.key ?? '') ?? Promise.resolve())
        return { id: first, duplicate: true }
      }
      pending.push(this.#enqueue(item, now))
      return { id: item.id, duplicate: false }
    })
    if (!this.#isCommitting && this.#waiting.length > 0) void this.#commitAll()
    await Promise.all(pending)
    return appended
  }

  #enqueue(item: AppendItem, now: number): Promise<void> {
    const committed = new Promise<void>((resolve, reject) => this.#waiting.push({ item, resolve, reject }))
    if (item.key !== null) {
      this.#dedupe.remember({ key: item.key, id: item.id, expiresAt: now + item.windowMs })
      this.#uncommitted.set(item.key, committed)
    }
    return committed
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true
    while (this.#waiting.length > 0) {
      await this.#deps.turn()
      await this.#commit(this.#take())
    }
    this.#isCommitting = false
  }

  async #commit(batch: Waiting[]): Promise<void> {
    const { store, clock, sync, wakeBy, committed } = this.#deps
    try {
      const now = clock.now()
      const items = batch.map(({ item }) => item)
      const { segment, records } = store.append(items, now)
      this.appendedAt = now
      wakeBy(now + SAFETY_MS)
      await sync()
      for (const { item, resolve } of batch) {
        if (item.key !== null) this.#uncommitted.delete(item.key)
        resolve()
      }
      committed(segment, records)
    } catch (error) {
      for (const { item, reject } of batch) {
        if (item.key !== null) this.#forget(item.key)
        reject(error)
      }
    }
  }

  #forget(key: string): void {
    this.#uncommitted.delete(key)
    this.#dedupe.forget(key)
  }

  /** The next commit's share of the waiting: within the limits of a row. */
  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { item } of this.#waiting) {
      if (count === SEGMENT_EVENTS_MAX || (count > 0 && bytes + item.record.byteLength > SEGMENT_BYTES_MAX))
        break
      bytes += item.record.byteLength
      count++
    }
    const batch = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return batch
  }
}

/** What the hand-over needs to know about a settlement: the segments that are still open. */
export function openAfter(segments: readonly number[], { settled, paged, lent = [] }: Settlement): number[] {
  const answered = new Set([...settled, ...[...paged, ...lent].map(({ segment }) => segment)])
  return segments.filter((segment) => !answered.has(segment))
}
