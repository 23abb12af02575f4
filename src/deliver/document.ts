import { XMLBuilder } from 'fast-xml-parser'

/** Deeper values are written as JSON text: no honest document has them, and recursion must end. */
const DEPTH_MAX = 32

type Value = string | boolean | null | Value[] | { [name: string]: Value }

/** A JSON object as a form: nested values as `data[a][0]=x`. */
export function toForm(json: string): string {
  return written(json, (object) => {
    const pairs = new URLSearchParams()
    for (const [name, value] of Object.entries(object)) addPairs(pairs, { name, value, depth: 1 })
    return pairs.toString()
  })
}

/** A JSON object as XML under `<event>`: a list is its element repeated, a list in a list has `<item>`s. */
export function toXml(json: string): string {
  const builder = new XMLBuilder({ suppressEmptyNode: true, maxNestedTags: DEPTH_MAX + 10 })
  return written(json, (object) => {
    const document: unknown = builder.build({ event: elements(object, 1) })
    return `<?xml version="1.0" encoding="UTF-8"?>${String(document)}`
  })
}

/** A document so deep that even its parser runs out of stack goes whole, as one text named `json`. */
function written(json: string, write: (object: Record<string, Value>) => string): string {
  try {
    return write(parse(json))
  } catch (error) {
    if (error instanceof RangeError) return write({ json })
    throw error
  }
}

/** Numbers stay the text they were: beyond 2^53 a JavaScript number would change the digits of an id. */
function parse(json: string): Record<string, Value> {
  const keepDigits = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value
  return JSON.parse(json, keepDigits) as Record<string, Value>
}

function addPairs(
  pairs: URLSearchParams,
  { name, value, depth }: { name: string; value: Value; depth: number },
): void {
  if (typeof value !== 'object' || value === null) pairs.append(name, value === null ? '' : String(value))
  else if (depth > DEPTH_MAX) pairs.append(name, JSON.stringify(value))
  else {
    for (const [key, inner] of Object.entries(value)) {
      addPairs(pairs, { name: `${name}[${key}]`, value: inner, depth: depth + 1 })
    }
  }
}

function elements(value: Value, depth: number): unknown {
  if (value === null) return ''
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return printable(value)
  if (depth > DEPTH_MAX) return printable(JSON.stringify(value))
  if (Array.isArray(value)) return { item: value.map((each) => elements(each, depth + 1)) }
  const named = new Map<string, unknown[]>()
  for (const [key, inner] of Object.entries(value)) {
    const children = Array.isArray(inner)
      ? inner.map((each) => elements(each, depth + 2))
      : [elements(inner, depth + 1)]
    const name = elementName(key)
    named.set(name, [...(named.get(name) ?? []), ...children])
  }
  return Object.fromEntries(named)
}

/** XML 1.0 2.3: a name begins with a letter or an underscore and has no colon, which would mean a namespace. */
function elementName(key: string): string {
  const name = key.replaceAll(/[^\p{L}\p{N}_.-]/gu, '_')
  return /^[\p{L}_]/u.test(name) ? name : `_${name}`
}

/** XML 1.0 2.2: other characters cannot be written in it, not even escaped. */
function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}
