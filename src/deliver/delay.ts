import type { EndpointSettings } from '../model/endpoint.ts'
import type { DeliveryStore } from './store.ts'

/**
 * Until when the endpoint's own delay holds a delivery. It is the same for all, so whatever stands behind in its class
 * waits at least as long, and the journal itself is the queue. What is asked for once more is not delayed again.
 */
export function heldUntil(
  store: Pick<DeliveryStore, 'classOf' | 'delivery'>,
  { delaySeconds }: Pick<EndpointSettings, 'delaySeconds'>,
  position: number,
): number {
  // Settings that an older version stored have none.
  if (!(delaySeconds > 0) || store.classOf(position) === 'replay') return 0
  const delivery = store.delivery(position)
  if (delivery === undefined || delivery.triedBefore > 0) return 0
  return delivery.event.head.receivedAt + delaySeconds * 1000
}
