import { concat, text, utf8, type Bytes } from '../model/bytes.ts'
import type { RawRequest } from '../model/request.ts'
import { formOf, linesOf, type BodyDocument } from '../providers/scheme/document.ts'
import { itemsOf, sliceAt, type Slice } from '../providers/scheme/json-slice.ts'
import { atPointer } from '../providers/scheme/json.ts'
import { elementSlices } from '../providers/scheme/xml.ts'

/** One event of a request: what its facts are read from, and the body that it is handed on with. */
export interface BatchItem {
  item: unknown
  body: Bytes
}

/** A request is taken apart into at most so many events; one with more stays whole. */
const ITEMS_MAX = 1000
/** Every event carries the envelope: many items in a large one would multiply it. */
const BYTES_MAX = 32 * 1024 * 1024

/**
 * The events of a request with many: a batch of n becomes n batches of one, byte for byte as the sender wrote them, so
 * that whoever reads batches of this provider can read these. Undefined when there is nothing to take apart.
 */
export function splitBatch(
  request: RawRequest,
  document: BodyDocument,
  pointer: string | undefined,
): BatchItem[] | undefined {
  if (document.kind === 'lines') return splitLines(request, document.value)
  if (pointer === undefined || !('value' in document)) return undefined
  const found = atPointer(document.value, pointer)
  if (document.kind === 'xml') return splitXml(request, pointer, Array.isArray(found) ? found : [found])
  if (!Array.isArray(found) || found.length === 0 || found.length > ITEMS_MAX) return undefined
  const json = document.kind === 'wrapped' ? document.json : request.body
  const array = sliceAt(json, pointer)
  const parts = array && around(json, itemsOf(json, array), found)
  if (parts === undefined) return undefined
  return document.kind === 'wrapped' ? parts.map((part) => rewrapped(request, document.field, part)) : parts
}

function splitLines(request: RawRequest, values: readonly unknown[]): BatchItem[] | undefined {
  const lines = linesOf(request.body)
  if (lines.length !== values.length) return undefined
  return values.map((item, index) => ({ item, body: concat([lines[index] ?? new Uint8Array()]) }))
}

function splitXml(request: RawRequest, pointer: string, values: readonly unknown[]): BatchItem[] | undefined {
  if (values.length > ITEMS_MAX || values[0] === undefined) return undefined
  const name = pointer.slice(pointer.lastIndexOf('/') + 1)
  return around(request.body, elementSlices(request.body, name), values)
}

/** Each item within what stands before the first and after the last. */
function around(bytes: Bytes, slices: readonly Slice[], values: readonly unknown[]): BatchItem[] | undefined {
  const first = slices[0]
  const last = slices.at(-1)
  if (first === undefined || last === undefined || slices.length !== values.length) return undefined
  if (values.length === 1) return [{ item: values[0], body: bytes }]
  const before = bytes.subarray(0, first.start)
  const after = bytes.subarray(last.end)
  const envelope = before.byteLength + after.byteLength
  if (envelope * values.length + bytes.byteLength > BYTES_MAX) return undefined
  return values.map((item, index) => {
    const { start, end } = slices[index] ?? first
    return { item, body: concat([before, bytes.subarray(start, end), after]) }
  })
}

function rewrapped(request: RawRequest, field: string, { item, body }: BatchItem): BatchItem {
  const pairs = formOf(request).map(([name, value]): [string, string] => [
    name,
    name === field ? text(body) : value,
  ])
  return { item, body: utf8(new URLSearchParams(pairs).toString()) }
}
