import type { AcceptBatch } from '../model/accept.ts'
import { packRecords, unpackRecords } from '../model/event.ts'
import { itemKey } from './accepted-row.ts'
import type { DeliveryStore } from './store.ts'

/** Hand-overs remembered; beyond it the oldest are forgotten, and a repeat of one would be delivered again. */
const HAND_OVERS_MAX = 50_000

/** Recognises what was handed over before: by intake segment, and within a known segment item by item. */
export class Repeats {
  readonly #store: DeliveryStore
  /** Rows of the journal by the segment they came from. */
  readonly #rows = new Map<string, number[]>()

  constructor(store: DeliveryStore) {
    this.#store = store
    for (const { seq, origin, segment } of store.origins()) this.#add(`${origin} ${segment}`, seq)
  }

  /** Call when the batch has become the row `seq`. */
  remember({ intake, origin = intake, items }: AcceptBatch, seq: number): void {
    for (const segment of new Set(items.map((item) => item.segment))) this.#add(`${origin} ${segment}`, seq)
  }

  /** What of the batch is new; undefined when nothing is. */
  without(batch: AcceptBatch): AcceptBatch | undefined {
    const { intake, origin = intake } = batch
    const rows = new Set<number>()
    for (const { segment } of batch.items) {
      for (const seq of this.#rows.get(`${origin} ${segment}`) ?? []) rows.add(seq)
    }
    if (rows.size === 0) return batch.items.length === 0 ? undefined : batch
    const known = new Set([...rows].flatMap((seq) => this.#store.itemKeys(seq)))
    const items = batch.items.filter((item) => !known.has(itemKey({ intake, ...item })))
    return items.length === 0 ? undefined : withItems(batch, items)
  }

  #add(origin: string, seq: number): void {
    const rows = this.#rows.get(origin)
    if (rows) {
      if (rows.at(-1) !== seq) rows.push(seq)
      return
    }
    this.#rows.set(origin, [seq])
    const [oldest] = this.#rows.keys()
    if (this.#rows.size > HAND_OVERS_MAX && oldest !== undefined) this.#rows.delete(oldest)
  }
}

/** The batch with some of its items, and only the records that they need. */
export function withItems(batch: AcceptBatch, items: AcceptBatch['items']): AcceptBatch {
  const records = unpackRecords(batch.records)
  const kept = [...new Set(items.map(({ record }) => record))]
  const place = new Map(kept.map((record, at) => [record, at]))
  return {
    ...batch,
    items: items.map((item) => ({ ...item, record: place.get(item.record) ?? 0 })),
    records: packRecords(kept.flatMap((at) => records[at] ?? [])),
  }
}
