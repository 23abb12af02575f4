import { toHex, utf8 } from '../model/bytes.ts'
import type { RawRequest } from '../model/request.ts'
import type { Fact } from '../providers/provider.ts'
import { md5 } from '../providers/scheme/checksum.ts'
import { atPointer, scalarText } from '../providers/scheme/json.ts'
import { readPlace } from '../providers/scheme/place.ts'

/** What one event is read from: the request, its parsed body, and in a batch the item. */
export interface FactSource {
  request: RawRequest
  root: unknown
  item: unknown
}

/** Facts are for people and filters; what is longer is not an id or a name. */
const FACT_CHARS_MAX = 200
// oxlint-disable-next-line no-control-regex -- control characters are what is taken out
const CONTROL = /[\u0000-\u001f\u007f]+/g

/** The first of the alternatives whose places are all there. */
export function readFact(facts: Fact | readonly Fact[] | undefined, from: FactSource): string | undefined {
  return findFact(facts, from)?.text
}

/** As `readFact`, and whether the fact belongs to the item rather than to the whole request. */
export function findFact(
  facts: Fact | readonly Fact[] | undefined,
  from: FactSource,
): { text: string; ofItem: boolean } | undefined {
  for (const fact of listed(facts)) {
    const text = fact.includes('{') ? fill(fact, from) : place(fact, from)
    if (text === undefined) continue
    const clean = bounded(text.replace(CONTROL, ' ').trim())
    if (clean) return { text: clean, ofItem: fact.startsWith('/') || fact.includes('{/') }
  }
  return undefined
}

/** What is cut off leaves its checksum: ids and keys that differ only at their end must not become one. */
function bounded(text: string): string {
  if (text.length <= FACT_CHARS_MAX) return text
  return `${text.slice(0, FACT_CHARS_MAX - 33)}~${toHex(md5(utf8(text)))}`
}

/** Milliseconds from ISO 8601, RFC 1123, or seconds, milliseconds, microseconds or nanoseconds since the epoch. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 40) return undefined
  const ms = /^\d+(\.\d+)?$/.test(text) ? epochMs(Number(text)) : Date.parse(text)
  return Number.isFinite(ms) && ms > 0 ? Math.round(ms) : undefined
}

function listed(facts: Fact | readonly Fact[] | undefined): readonly Fact[] {
  return facts === undefined ? [] : typeof facts === 'string' ? [facts] : facts
}

function fill(template: string, from: FactSource): string | undefined {
  let complete = true
  const text = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = place(name, from)
    if (value === undefined || value === '') complete = false
    return value ?? ''
  })
  return complete ? text : undefined
}

function place(name: string, { request, root, item }: FactSource): string | undefined {
  // By far the most, and for an event without the fact all of them.
  if (name.startsWith('/')) return scalarText(atPointer(item, name))
  if (name.startsWith('=')) return name.slice(1)
  if (name.startsWith('oneOf:'))
    return name
      .slice('oneOf:'.length)
      .split(',')
      .find((key) => member(item, key))
  if (name.startsWith('root:')) return scalarText(atPointer(root, name.slice('root:'.length)))
  return readPlace(request, name)
}

function member(item: unknown, key: string): boolean {
  if (typeof item !== 'object' || item === null || !Object.hasOwn(item, key)) return false
  return (item as Record<string, unknown>)[key] !== null
}

/** Numbers are told apart by size: seconds end where milliseconds of 1973 begin, and so on. */
function epochMs(value: number): number {
  if (value < 1e11) return value * 1000
  if (value < 1e14) return value
  return value < 1e17 ? value / 1000 : value / 1e6
}
