/** A stretch of bytes: the value is written from `start` up to `end`. */
export interface Slice {
  start: number
  end: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

/**
 * Where the value at a pointer stands in JSON text, byte for byte as the sender wrote it: some signatures cover one
 * member as written, and items of a batch are handed on as written. The JSON must be known to parse.
 */
export function sliceAt(json: Uint8Array, pointer: string): Slice | undefined {
  let slice = trimmed(json, { start: 0, end: json.byteLength })
  for (const part of pointer === '' ? [] : pointer.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next: Slice | undefined =
      json[slice.start] === 0x5b ? itemsOf(json, slice)[Number(key)] : memberOf(json, slice, key)
    if (next === undefined) return undefined
    slice = next
  }
  return slice
}

/** The items of the array that is written at `slice`. */
export function itemsOf(json: Uint8Array, slice: Slice): Slice[] {
  return json[slice.start] === 0x5b ? parts(json, slice) : []
}

function memberOf(json: Uint8Array, slice: Slice, key: string): Slice | undefined {
  if (json[slice.start] !== 0x7b) return undefined
  let found: Slice | undefined
  for (const part of parts(json, slice)) {
    const nameEnd = stringEnd(json, part.start)
    const name = JSON.parse(new TextDecoder().decode(json.subarray(part.start, nameEnd))) as unknown
    if (name !== key) continue
    const colon = json.indexOf(COLON, nameEnd)
    // As in JSON.parse, the last of equal names counts.
    found = trimmed(json, { start: colon + 1, end: part.end })
  }
  return found
}

/** What stands between the commas of an array or object. */
function parts(json: Uint8Array, { start, end }: Slice): Slice[] {
  const found: Slice[] = []
  let depth = 0
  let from = start + 1
  for (let i = start + 1; i < end; i++) {
    const byte = json[i]
    if (byte === QUOTE) i = stringEnd(json, i) - 1
    else if (byte === 0x5b || byte === 0x7b) depth++
    else if ((byte === COMMA && depth === 0) || i === end - 1) {
      const part = trimmed(json, { start: from, end: i })
      if (part.end > part.start) found.push(part)
      from = i + 1
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return found
}

/** The index behind the closing quote of the string that opens at `start`. */
function stringEnd(json: Uint8Array, start: number): number {
  let i = start + 1
  while (i < json.byteLength && json[i] !== QUOTE) i += json[i] === BACKSLASH ? 2 : 1
  return i + 1
}

function trimmed(json: Uint8Array, { start, end }: Slice): Slice {
  let from = start
  let to = end
  while (from < to && isSpace(json[from])) from++
  while (to > from && isSpace(json[to - 1])) to--
  return { start: from, end: to }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
