import { text } from './bytes.ts'
import type { EndpointSettings } from './endpoint.ts'
import { readableBody, type Event } from './event.ts'
import { headerOf } from './request.ts'

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
  return read(settings.orderingKey, found) ?? null
}

function read(place: string, { head, body }: Event): string | undefined {
  if (place.startsWith('header:')) {
    return headerOf({ headers: head.headers ?? [] }, place.slice('header:'.length).toLowerCase())
  }
  const value = atPointer(parse(readableBody(head, body)), place)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

/** RFC 6901, without its array conventions beyond plain indexes. */
function atPointer(value: unknown, pointer: string): unknown {
  let found = value
  for (const part of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(text(body))
  } catch {
    return undefined
  }
}
