import type { AcceptBatch, AcceptItem } from '../model/accept.ts'
import { packRecords } from '../model/event.ts'

/** One call to an endpoint object carries at most this much, so that it fits one row there. */
const BATCH_BYTES_MAX = 1_500_000
const BATCH_ITEMS_MAX = 4_000

/** All of a batch but its content. */
export type BatchHead = Omit<AcceptBatch, 'items' | 'records'>

interface Draft {
  head: BatchHead
  items: AcceptItem[]
  records: Uint8Array[]
  bytes: number
}

/** Batches in the making, in order for each object. A batch has one class and one intake. */
export class Drafts {
  readonly #drafts = new Map<string, Draft[]>()

  add(object: string, head: BatchHead, item: Omit<AcceptItem, 'record'>, record: Uint8Array): void {
    const draft = this.#draftFor(object, head, record)
    draft.items.push({ ...item, record: draft.records.length - 1 })
  }

  /** For each object its batches in order. */
  batches(): Map<string, AcceptBatch[]> {
    return new Map(
      [...this.#drafts].map(([object, drafts]) => [
        object,
        drafts.map(({ head, items, records }) => ({ ...head, items, records: packRecords(records) })),
      ]),
    )
  }

  /** The draft that takes the record, which is in it afterwards as its last. */
  #draftFor(object: string, head: BatchHead, record: Uint8Array): Draft {
    const drafts = this.#drafts.get(object) ?? []
    this.#drafts.set(object, drafts)
    const last = drafts.findLast(
      (draft) => draft.head.class === head.class && draft.head.intake === head.intake,
    )
    if (last !== undefined && last.items.length < BATCH_ITEMS_MAX) {
      if (last.records.at(-1) === record) return last
      if (last.bytes + record.byteLength <= BATCH_BYTES_MAX) return append(last, record)
    }
    const draft: Draft = { head, items: [], records: [], bytes: 0 }
    drafts.push(draft)
    return append(draft, record)
  }
}

function append(draft: Draft, record: Uint8Array): Draft {
  draft.records.push(record)
  draft.bytes += record.byteLength
  return draft
}
