import { expect } from 'vitest'
import type { BatchId, DeliveryId } from '../../src/model/id.ts'

interface Request {
  ids: DeliveryId[]
  batchId: BatchId | undefined
}

/** Watches I12 over the requests of an endpoint. */
export class BatchWatch {
  readonly #batches = new Map<BatchId, DeliveryId[]>()
  readonly #batchOf = new Map<DeliveryId, BatchId>()
  #seen = 0

  /** A batch is what it was, and nobody changes to another but those whose companion was cancelled. */
  check(requests: readonly Request[], cancelled: ReadonlySet<DeliveryId>): void {
    for (const { ids, batchId } of requests.slice(this.#seen)) {
      if (batchId === undefined) continue
      expect(this.#batches.get(batchId) ?? ids, 'I12: a batch stays as it is').toEqual(ids)
      this.#batches.set(batchId, ids)
      for (const id of ids) {
        const before = this.with(id).filter((each) => !cancelled.has(each))
        if (before.length > 0) expect(ids, 'I12: nobody changes to another batch').toEqual(before)
      }
      for (const id of ids) this.#batchOf.set(id, batchId)
    }
    this.#seen = requests.length
  }

  /** What the delivery was last sent with. */
  with(id: DeliveryId): DeliveryId[] {
    const batchId = this.#batchOf.get(id)
    return (batchId && this.#batches.get(batchId)) ?? []
  }
}
