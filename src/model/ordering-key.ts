import type { EndpointSettings } from './endpoint.ts'
import type { Event } from './event.ts'
import { readPlace } from './place.ts'

/**
 * The key under which the endpoint keeps the order of an event; null: it is bound to none. The endpoint's own
 * pointer wins over the key that the event came with. `event` is only asked for when it is needed.
 */
export function orderingKeyOf(
  settings: Pick<EndpointSettings, 'ordering' | 'orderingKey'>,
  event: () => Event | undefined,
): string | null {
  if (settings.ordering === 'none') return null
  if (settings.ordering === 'endpoint') return ''
  const found = event()
  if (found === undefined) return null
  if (settings.orderingKey === null) return found.head.orderingKey ?? null
  return readPlace(settings.orderingKey, found) ?? null
}
