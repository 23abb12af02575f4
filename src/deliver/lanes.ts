import type { BatchMember, BatchRow } from '../model/batch.ts'
import type { DeliveryRow } from '../model/delivery-log.ts'
import { Batches, memberRow } from './batches.ts'
import { DueQueue } from './due-queue.ts'
import type { DeliveryStore, RetryRow } from './store.ts'

/** Later than any clock: blocked until someone decides. */
export const NEVER = 8.64e15

/**
 * The deliveries that have a row of their own: tried and due again, or waiting behind such a one. Those with the same
 * ordering key form a lane, of which only the first may start, and only while nothing of its key is in flight (I5). A
 * batch is all of its members at once: it is due under its id, and only when they are the first of their lanes.
 */
export class Lanes {
  readonly #store: DeliveryStore
  readonly #rows = new Map<number, RetryRow>()
  /** Positions by key, ascending. */
  readonly #lanes = new Map<string, number[]>()
  readonly #busy = new Set<string>()
  readonly #due = new DueQueue()
  readonly batches: Batches

  constructor(store: DeliveryStore) {
    this.#store = store
    this.batches = new Batches(store.batches)
    const members = Array.from(this.batches.all(), (batch) =>
      batch.members.map((each) => memberRow(batch, each)),
    )
    for (const row of [...store.retries(), ...members.flat()]) {
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

  /** Whether what has this key must wait for a row that failed; not for one that is only in flight. */
  isStuck(key: string): boolean {
    const [head] = this.#lanes.get(key) ?? []
    if (head === undefined) return false
    return !(this.#busy.has(key) && this.batches.of(head)?.attempts === 0)
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
    this.#due.delete(this.unitOf(position))
    if (key === null) return
    this.#busy.add(key)
    const head = this.#lanes.get(key)?.[0]
    if (head !== undefined) this.#due.delete(this.unitOf(head))
  }

  /** Under what the delivery is due and in flight: its batch, or itself. */
  unitOf(position: number): number {
    return this.batches.of(position)?.id ?? position
  }

  /** Makes one of several, which are about to start. Those that had rows of their own have them no more. */
  join(members: readonly BatchMember[]): void {
    for (const [position] of members) {
      this.#due.delete(position)
      if (this.#rows.has(position)) this.#store.deleteRetry(position)
    }
    this.#addBatch(this.batches.compose(members))
  }

  /** A batch is due again, or blocked. */
  putBatch(batch: BatchRow, change: Pick<BatchRow, 'dueAt'> & Partial<BatchRow>): void {
    this.batches.put(batch, change)
    this.#addBatch(batch)
  }

  /** What was never tried and may start now, together with this one: what is behind each in its lane, then the next. */
  *untried(position: number, now: number): Iterable<number> {
    const heads: number[] = []
    try {
      for (let head: number | undefined = position; head !== undefined;) {
        heads.push(head)
        this.#due.delete(head)
        yield* this.#untriedLane(head, now)
        const next = this.#due.peek()
        head = next && this.#isUntried(next.position, now) ? next.position : undefined
      }
    } finally {
      for (const each of heads) this.#expose(this.#rows.get(each)?.key ?? null, each)
    }
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
    const batch = this.batches.get(position)
    if (batch) return this.#addBatch(Object.assign(batch, { dueAt }))
    const row = this.#rows.get(position)
    if (row) this.#add({ ...row, dueAt })
  }

  /** It ended: the next of its key may start. Its row stays until the outcome is durable. */
  end(position: number): void {
    const key = this.#rows.get(position)?.key ?? null
    this.#due.delete(this.unitOf(position))
    const lane = key === null ? undefined : this.#lanes.get(key)
    if (key === null || lane === undefined) return
    lane.splice(lane.indexOf(position), lane.includes(position) ? 1 : 0)
    const [head] = lane
    if (head === undefined) this.#lanes.delete(key)
    else this.#expose(key, head)
  }

  /** It was taken back: the next of its key may start, and its row goes at once. */
  drop(position: number): void {
    const batch = this.batches.of(position)
    this.end(position)
    if (batch === undefined) return this.settle(position)
    this.#rows.delete(position)
    this.batches.leave(position)
    this.#exposeBatch(batch)
  }

  /** Its outcome is durable. */
  settle(position: number): void {
    if (!this.#rows.delete(position)) return
    if (this.batches.of(position)) this.batches.settle(position)
    else this.#store.deleteRetry(position)
  }

  #add(row: RetryRow): void {
    this.#enter(row)
    this.#expose(row.key, row.position)
  }

  #addBatch(batch: BatchRow): void {
    for (const each of batch.members) this.#enter(memberRow(batch, each))
    this.#exposeBatch(batch)
  }

  #enter(row: RetryRow): void {
    const { position, key } = row
    this.#rows.set(position, row)
    if (key === null) return
    const lane = this.#lane(key)
    insert(lane, position)
    // Who was first until now may not start before the new one.
    if (lane[0] === position && lane[1] !== undefined) this.#due.delete(this.unitOf(lane[1]))
  }

  /** Makes a position eligible if it is the first of its key and nothing of the key is in flight. */
  #expose(key: string | null, position: number): void {
    const row = this.#rows.get(position)
    if (row === undefined) return
    const batch = this.batches.of(position)
    if (batch) return this.#exposeBatch(batch)
    if (key !== null && (this.#busy.has(key) || this.#lanes.get(key)?.[0] !== position)) return
    this.#due.set(position, row.dueAt)
  }

  /** A batch may start when nothing of its keys is in flight, and nothing else is before its members. */
  #exposeBatch({ id, members, dueAt }: BatchRow): void {
    const counts = new Map<string, number>()
    for (const [position, key] of members) {
      if (key === null) continue
      const at = counts.get(key) ?? 0
      if (this.#busy.has(key) || this.#lanes.get(key)?.[at] !== position) return this.#due.delete(id)
      counts.set(key, at + 1)
    }
    if (members.length > 0) this.#due.set(id, dueAt)
  }

  *#untriedLane(head: number, now: number): Iterable<number> {
    const key = this.#rows.get(head)?.key ?? null
    const lane = key === null ? [head] : [...(this.#lanes.get(key) ?? [])]
    for (const position of lane) {
      if (!this.#isUntried(position, now)) return
      yield position
    }
  }

  #isUntried(position: number, now: number): boolean {
    const row = this.#rows.get(position)
    return row?.attempts === 0 && row.dueAt <= now && this.batches.of(position) === undefined
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
