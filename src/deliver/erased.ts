import type { StoredDelivery, DeliveryStore } from './store.ts'

/** An attempt's delivery as it is by now: its event may have been erased since the attempt began. */
export function asItIsNow(
  store: Pick<DeliveryStore, 'delivery' | 'erasedInFlight'>,
  { position, delivery }: { position: number; delivery: StoredDelivery },
): StoredDelivery {
  return (store.erasedInFlight.delete(position) && store.delivery(position)) || delivery
}

export function isErased({ event }: Pick<StoredDelivery, 'event'>): boolean {
  return event.head.erased === true
}
