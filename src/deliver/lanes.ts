import type { DeliveryRow } from '../model/delivery-log.ts'
import { DueQueue } from './due-queue.ts'
import type { DeliveryStore, RetryRow } from './store.ts'

/** Later than any clock: blocked until someone decides. */
export const NEVER = 8.64e15

/**
 * The deliveries that have a row of their own: tried and due again, or waiting behind such a one. Those with the same
 * ordering key form a lane, of which only the first may start, and only while nothing of its key is in flight (I5).
 */
export class Lanes {
  readonly #store: DeliveryStore
  readonly #rows = new Map<number, RetryRow>()
  /** Positions by key, ascending. */
  readonly #lanes = new Map<string, number[]>()
  readonly #busy = new Set<string>()
  readonly #due = new DueQueue()

  constructor(store: DeliveryStore) {
    this.#store = store
    for (const row of store.retries()) {
      this.#rows.set(row.position, row)
      if (row.key !== null) this.#lane(row.key).push(row.position)
    }
    for (const lane of this.#lanes.values()) lane.sort((a, b) => a - b)
    for (const row of this.#rows.values()) this.#expose(row.key, row.position)
  }

  /** The one that is due first, of those that may start. */
  first(): { position: number; dueAt: number } | undefined {
    return this.#due.peek()
  }

  get(position: number): RetryRow | undefined {
    return this.#rows.get(position)
  }

  rows(): Iterable<RetryRow> {
    return this.#rows.values()
  }

  positions(): Iterable<number> {
    return this.#rows.keys()
  }

  /** Whether something with this key may start that is not in the lane itself. */
  isFree(key: string): boolean {
    return !this.#busy.has(key) && !this.#lanes.has(key)
  }

  /** Whether what has this key must wait for a row that failed. */
  isStuck(key: string): boolean {
    return this.#lanes.has(key)
  }

  /** Whether nothing with a key is in flight, and what is stuck was accepted after this position. */
  isBeforeAll(position: number): boolean {
    return this.#busy.size === 0 && [...this.#lanes.values()].every(([head = Infinity]) => position < head)
  }

  /** Whether any key is in flight or stuck: with one lane for all, whether anything may start. */
  get isAnyTaken(): boolean {
    return this.#busy.size > 0 || this.#lanes.size > 0
  }

  /** An attempt starts. After a crash it is due as it was. */
  start(position: number, key: string | null): void {
    this.#due.delete(position)
    if (key === null) return
    this.#busy.add(key)
    const head = this.#lanes.get(key)?.[0]
    if (head !== undefined) this.#due.delete(head)
  }

  /** The attempt is over; what became of it was said before by `put` or `end`. */
  finish(key: string | null): void {
    if (key === null) return
    this.#busy.delete(key)
    const head = this.#lanes.get(key)?.[0]
    if (head !== undefined) this.#expose(key, head)
  }

  /** It is due again. Writes its row. */
  put(row: RetryRow, log: DeliveryRow | undefined): void {
    this.#store.putRetry(row, log)
    this.#add(row)
  }

  /** It waits behind others of its key, or for its time. Writes its row, so that the journal is done with it. */
  park(position: number, key: string | null, dueAt = 0): void {
    const row: RetryRow = { position, dueAt, attempts: 0, receipt: 0, key }
    this.#store.putRetry(row, undefined)
    this.#add(row)
  }

  /** Due again without a new row, for a fault of ours. */
  postpone(position: number, dueAt: number): void {
    const row = this.#rows.get(position)
    if (row) this.#add({ ...row, dueAt })
  }

  /** It ended: the next of its key may start. Its row stays until the outcome is durable. */
  end(position: number): void {
    const key = this.#rows.get(position)?.key ?? null
    this.#due.delete(position)
    const lane = key === null ? undefined : this.#lanes.get(key)
    if (key === null || lane === undefined) return
    lane.splice(lane.indexOf(position), lane.includes(position) ? 1 : 0)
    const [head] = lane
    if (head === undefined) this.#lanes.delete(key)
    else this.#expose(key, head)
  }

  /** It was taken back: the next of its key may start, and its row goes at once. */
  drop(position: number): void {
    this.end(position)
    this.settle(position)
  }

  /** Its outcome is durable. */
  settle(position: number): void {
    if (this.#rows.delete(position)) this.#store.deleteRetry(position)
  }

  #add(row: RetryRow): void {
    const { position, key } = row
    this.#rows.set(position, row)
    if (key !== null) {
      const lane = this.#lane(key)
      insert(lane, position)
      // Who was first until now may not start before the new one.
      if (lane[0] === position && lane[1] !== undefined) this.#due.delete(lane[1])
    }
    this.#expose(key, position)
  }

  /** Makes a position eligible if it is the first of its key and nothing of the key is in flight. */
  #expose(key: string | null, position: number): void {
    const row = this.#rows.get(position)
    if (row === undefined) return
    if (key !== null && (this.#busy.has(key) || this.#lanes.get(key)?.[0] !== position)) return
    this.#due.set(position, row.dueAt)
  }

  #lane(key: string): number[] {
    const lane = this.#lanes.get(key) ?? []
    this.#lanes.set(key, lane)
    return lane
  }
}

/** Inserts into an ascending list, once. Most insertions are at the end. */
export function insert(list: number[], number: number): void {
  let at = list.length
  while (at > 0 && (list[at - 1] ?? 0) > number) at--
  if (list[at - 1] !== number) list.splice(at, 0, number)
}
