import type { BatchMember, BatchRow } from '../model/batch.ts'
import type { DeliveryStore, RetryRow } from './store.ts'

type Rows = Pick<DeliveryStore['batches'], 'all' | 'put' | 'delete'>

/**
 * The compositions that were sent or are about to be (I12). Each is a row from before its first request until the
 * outcome of every member is durable and a checkpoint says that the journal is done with them: a crash in between
 * sends the same batch again, and not some of its events in another one.
 */
export class Batches {
  readonly #rows: Rows
  readonly #batches = new Map<number, BatchRow>()
  readonly #of = new Map<number, BatchRow>()
  /** Composed since the last checkpoint. */
  readonly #fresh = new Set<number>()
  /** Over, with a row that must outlast the next checkpoint. */
  readonly #over = new Set<number>()

  constructor(rows: Rows) {
    this.#rows = rows
    for (const batch of rows.all()) this.#add(batch)
  }

  all(): Iterable<BatchRow> {
    return this.#batches.values()
  }

  get(id: number): BatchRow | undefined {
    return this.#batches.get(id)
  }

  /** The batch that a delivery is in. */
  of(position: number): BatchRow | undefined {
    return this.#of.get(position)
  }

  /** Writes a new one: one row. */
  compose(members: readonly BatchMember[]): BatchRow {
    const [id = 0] = members[0] ?? []
    const batch = { id, dueAt: 0, attempts: 0, receipts: [], members: [...members], log: '' }
    this.#add(batch)
    this.#fresh.add(id)
    this.#rows.put(batch)
    return batch
  }

  /** It is due again, or blocked. */
  put(batch: BatchRow, change: Partial<Omit<BatchRow, 'id' | 'members'>>): void {
    Object.assign(batch, change)
    this.#rows.put(batch)
  }

  /** A member was taken back: the others are another batch. */
  leave(position: number): void {
    const batch = this.#of.get(position)
    if (batch === undefined) return
    this.#of.delete(position)
    batch.members = batch.members.filter(([each]) => each !== position)
    if (batch.members.length > 0) this.#rows.put(batch)
    else this.#remove(batch)
  }

  /** The outcome of a member is durable. */
  settle(position: number): void {
    const batch = this.#of.get(position)
    if (batch === undefined) return
    this.#of.delete(position)
    if (!batch.members.some(([each]) => this.#of.get(each) === batch)) this.#remove(batch)
  }

  /** Whether a checkpoint would free a row. */
  get isWaiting(): boolean {
    return this.#over.size > 0
  }

  /** A checkpoint was written. */
  written(): void {
    for (const id of this.#over) this.#rows.delete(id)
    this.#over.clear()
    this.#fresh.clear()
  }

  #add(batch: BatchRow): void {
    this.#batches.set(batch.id, batch)
    for (const [position] of batch.members) this.#of.set(position, batch)
  }

  #remove({ id }: BatchRow): void {
    this.#batches.delete(id)
    if (this.#fresh.has(id)) this.#over.add(id)
    else this.#rows.delete(id)
  }
}

/** A member as if it had a row of its own. */
export function memberRow({ dueAt, attempts, receipts }: BatchRow, member: BatchMember): RetryRow {
  const [position, key, triedBefore] = member
  const receipt = receipts.reduce((last, each) => Math.max(last, each), 0)
  return { position, dueAt, attempts: attempts === 0 ? 0 : triedBefore + attempts, receipt, key }
}
