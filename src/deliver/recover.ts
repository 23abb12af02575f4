import { fromRanges } from '../model/ranges.ts'
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
  for (const retry of Array.from(lanes.rows())) {
    if (retry.receipt <= (checkpoint?.receipt ?? 0) && !unconfirmed.has(retry.receipt)) continue
    const row = store.retryLog(retry.position)
    const delivery = store.delivery(retry.position)
    // The row must name the receipt under which it is confirmed now, or the next crash would take it for confirmed.
    if (row && delivery) lanes.put({ ...retry, receipt: outbox.add(row, eventRowOf(delivery)) }, row)
  }
}
