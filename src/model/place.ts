import { z } from 'zod'
import { text } from './bytes.ts'
import { readableBody, type Event } from './event.ts'
import { headerOf } from './request.ts'

/** Where a key stands in an event. */
export const placeSchema = z
  .string()
  .max(200)
  .regex(/^(\/.*|header:.+)$/, 'a JSON pointer or header:NAME')

/** The scalar at a JSON pointer into the body, or in a header, as text; undefined: there is none. */
export function readPlace(place: string, { head, body }: Event): string | undefined {
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
