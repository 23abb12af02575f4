import { text } from '../../model/bytes.ts'
import { remembered } from '../../model/remembered.ts'

/** Deeper documents are attacks on whoever walks them; real ones stay below 20. */
export const JSON_DEPTH_MAX = 100
/** Larger bodies are relayed unread: parsing them would cost more than the rest of ingestion together. */
const JSON_BYTES_MAX = 8 * 1024 * 1024

export type ParsedJson = { kind: 'value'; value: unknown } | { kind: 'malformed' } | { kind: 'too_deep' }

export function parseJson(bytes: Uint8Array): ParsedJson {
  if (bytes.byteLength > JSON_BYTES_MAX) return { kind: 'malformed' }
  const shape = shapeOf(bytes)
  if (shape !== 'shallow') return { kind: shape }
  const json = text(bytes)
  try {
    return {
      kind: 'value',
      value: (LONG_NUMBER.test(json) ? parse(json, exact) : JSON.parse(json)) as unknown,
    }
  } catch {
    return { kind: 'malformed' }
  }
}

/** Digits that may be more than a double can hold. */
const LONG_NUMBER = /\d{16}/

/** `JSON.parse` with the source text of each value, where the runtime gives it (V8 since 11.4). */
const parse = JSON.parse as (
  json: string,
  reviver: (key: string, value: unknown, context?: { source?: string }) => unknown,
) => unknown

/** Whole numbers too large for a double stay as written: as ids, two that were rounded alike would be one. */
function exact(_: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? ''
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value
}

/** The value at an RFC 6901 pointer, or undefined. Own properties only: `/__proto__` and `/constructor` find nothing. */
export function atPointer(document: unknown, pointer: string): unknown {
  if (pointer === '') return document
  if (!pointer.startsWith('/')) return undefined
  let value = document
  for (const part of partsOf(pointer)) {
    value = member(value, part)
    if (value === undefined) return undefined
  }
  return value
}

/** Those of the catalogue, and as many of sources of their own. */
const POINTERS_MAX = 2_000

const partsOf = remembered(POINTERS_MAX, (pointer) =>
  pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
)

/** `a.b.0` as a pointer, the spelling of signature templates. */
export function pointerOfPath(path: string): string {
  return `/${path.split('.').join('/')}`
}

/** A value as a person would write it; undefined for null and for anything with parts. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** What may stand outside strings: punctuation, white space, numbers, and the letters of true, false and null. */
const OUTSIDE_STRINGS = tableOf('{}[]:,"\t\n\r 0123456789+-.eEtrufalsn')
const BYTE_ORDER_MARK = 3

/**
 * Counts brackets outside strings, without parsing: the check must not itself be the attack's target. It ends at the
 * first byte that no JSON has there, since in other bodies (a picture, a protocol buffer) brackets mean nothing.
 */
function shapeOf(bytes: Uint8Array): 'shallow' | 'too_deep' | 'malformed' {
  let depth = 0
  let inString = false
  for (let i = hasByteOrderMark(bytes) ? BYTE_ORDER_MARK : 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
      continue
    }
    if (OUTSIDE_STRINGS[byte] === 0) return 'malformed'
    if (byte === QUOTE) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > JSON_DEPTH_MAX) return 'too_deep'
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return 'shallow'
}

function tableOf(allowed: string): Uint8Array {
  const table = new Uint8Array(256)
  for (let i = 0; i < allowed.length; i++) table[allowed.charCodeAt(i)] = 1
  return table
}

function hasByteOrderMark([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf
}
