import type { DeliveryState } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../model/journal-class.ts'
import type { Backlog } from './backlog.ts'
import type { Lanes } from './lanes.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import type { Outbox } from './outbox.ts'
import type { DeliveryStore } from './store.ts'

/** Deliveries that are made visible, or cancelled, at one alarm. */
const AT_ONCE_MAX = 200

export interface Waiting {
  store: DeliveryStore
  outbox: Outbox
  backlog: Backlog
  endpoint: Endpoint
}

/**
 * Shows what has waited longer than an instant as pending or held, so that a list has no blind spot. `announced` is
 * moved: what stands below it is in D1.
 */
export function announce(
  { store, outbox, backlog, endpoint }: Waiting,
  announced: Record<JournalClass, number>,
): void {
  const isHeld = endpoint.settings.state !== 'active'
  for (const each of JOURNAL_CLASSES) {
    for (let shown = 0; shown < AT_ONCE_MAX; shown++) {
      const position = store.positionFrom(each, Math.max(announced[each], backlog.next[each]))
      const delivery = position === undefined ? undefined : store.delivery(position)
      if (position === undefined || delivery === undefined) break
      const attempts = delivery.triedBefore
      const state: DeliveryState = isHeld
        ? { status: 'held', attempts, dueAt: 0 }
        : { status: 'pending', attempts }
      outbox.add(deliveryRow({ delivery, endpointId: endpoint.id, state }), eventRowOf(delivery))
      announced[each] = position + 1
    }
  }
}

/** Cancels some of what waits. Returns the positions that need nothing more at once, for want of anything to log. */
export function cancelSome({ store, outbox, backlog, endpoint }: Waiting, lanes: Lanes): number[] {
  const lost: number[] = []
  for (let count = 0; count < AT_ONCE_MAX; count++) {
    const retry = lanes.first()
    const position = retry?.position ?? backlog.first({ isSingle: false, withReplays: true })
    if (position === undefined) break
    if (retry === undefined) backlog.take(position)
    const delivery = store.delivery(position)
    const attempts = lanes.get(position)?.attempts ?? delivery?.triedBefore ?? 0
    lanes.end(position)
    const state: DeliveryState = { status: 'cancelled', attempts }
    if (delivery)
      outbox.add(deliveryRow({ delivery, endpointId: endpoint.id, state }), eventRowOf(delivery), position)
    else lost.push(position)
  }
  return lost
}
