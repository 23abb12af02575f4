import { fromRanges } from '../model/ranges.ts'
import type { Backlog } from './backlog.ts'
import { memberLogOf } from './conclude-batch.ts'
import type { Lanes } from './lanes.ts'
import { eventRowOf } from './log-row.ts'
import type { Outbox } from './outbox.ts'
import type { Checkpoint, DeliveryStore } from './store.ts'

/** After the object's memory was lost: what D1 may not have of the log is sent again (I9). */
export function resendUnconfirmed(
  checkpoint: Checkpoint | undefined,
  { store, outbox, lanes }: { store: DeliveryStore; outbox: Outbox; lanes: Lanes },
): void {
  for (const seq of fromRanges(checkpoint?.outcomes ?? [])) {
    const message = store.readOutcomes(seq)
    if (message) outbox.adopt(seq, message)
  }
  const unconfirmed = new Set(checkpoint?.unconfirmed)
  const isConfirmed = (receipt: number) => receipt <= (checkpoint?.receipt ?? 0) && !unconfirmed.has(receipt)
  const endpointId = store.loadEndpoint()?.id
  for (const batch of lanes.batches.all()) {
    if (batch.receipts.every(isConfirmed)) continue
    const receipts = new Set<number>()
    for (const [position] of batch.members) {
      const delivery = store.delivery(position)
      const row = delivery && endpointId && memberLogOf(batch, { delivery, endpointId })
      if (row) receipts.add(outbox.add(row, eventRowOf(delivery)))
    }
    lanes.putBatch(batch, { dueAt: batch.dueAt, receipts: [...receipts] })
  }
  for (const retry of Array.from(lanes.rows())) {
    if (isConfirmed(retry.receipt) || lanes.batches.of(retry.position)) continue
    const row = store.retryLog(retry.position)
    const delivery = store.delivery(retry.position)
    // The row must name the receipt under which it is confirmed now, or the next crash would take it for confirmed.
    if (row && delivery) lanes.put({ ...retry, receipt: outbox.add(row, eventRowOf(delivery)) }, row)
  }
}

/** Receipts grow, also over the lives of the object. */
export function lastReceipt(checkpoint: Checkpoint | undefined, lanes: Lanes): number {
  const receipts = Array.from(lanes.rows(), ({ receipt }) => receipt)
  return receipts.reduce((last, each) => Math.max(last, each), checkpoint?.receipt ?? 0)
}

/** No position before it is needed any more. */
export function oldestNeeded({
  store,
  backlog,
  lanes,
}: {
  store: DeliveryStore
  backlog: Backlog
  lanes: Lanes
}): number {
  const needed = [store.endPosition, backlog.oldest(), ...lanes.positions()]
  return needed.reduce((oldest, each) => Math.min(oldest, each), Infinity)
}
