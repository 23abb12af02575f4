import { XMLParser } from 'fast-xml-parser'
import { text } from '../../model/bytes.ts'
import type { Slice } from './json-slice.ts'
import { JSON_DEPTH_MAX } from './json.ts'

export type ParsedXml = { kind: 'value'; value: unknown } | { kind: 'malformed' } | { kind: 'hostile' }

/** Larger documents are relayed unread. */
const XML_BYTES_MAX = 2 * 1024 * 1024

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  parseAttributeValue: false,
  // Entities that a document declares itself are how a kilobyte becomes a gigabyte: none is ever expanded.
  processEntities: false,
  maxNestedTags: JSON_DEPTH_MAX,
  tagValueProcessor: (_, value) => plainText(value),
  // The value of xsi:type is a name, whose prefix means nothing without the document.
  attributeValueProcessor: (name, value) =>
    name === 'type' ? value.replace(/^\w+:(?=\w+$)/, '') : plainText(value),
})

/** Elements as members without their namespace prefix, attributes as `@name`, all values as text. */
export function parseXml(bytes: Uint8Array): ParsedXml {
  if (bytes.byteLength > XML_BYTES_MAX) return { kind: 'malformed' }
  const xml = text(bytes)
  if (/<!ENTITY/i.test(xml)) return { kind: 'hostile' }
  try {
    return { kind: 'value', value: parser.parse(xml) as unknown }
  } catch (error) {
    // The parser's way to say what is wrong with the document; depth is the one thing that is an attack.
    const isDeep = error instanceof Error && error.message.includes('nested')
    return { kind: isDeep ? 'hostile' : 'malformed' }
  }
}

/** Where the elements of a local name stand, as written; for elements that do not hold their own kind. */
export function elementSlices(bytes: Uint8Array, name: string): Slice[] {
  // One byte becomes one character, so that offsets are offsets of bytes.
  const latin1 = new TextDecoder('latin1').decode(bytes)
  const opening = new RegExp(`<((?:[\\w.-]{1,50}:)?${name})[\\s>]`, 'g')
  const slices: Slice[] = []
  for (let open = opening.exec(latin1); open !== null; open = opening.exec(latin1)) {
    const closing = `</${open[1]}>`
    const close = latin1.indexOf(closing, opening.lastIndex)
    // Without this one close there is none for what follows either; to look again would be quadratic.
    if (close < 0) return slices
    opening.lastIndex = close + closing.length
    slices.push({ start: open.index, end: opening.lastIndex })
  }
  return slices
}

function plainText(value: string): string {
  return value.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name)] ?? whole
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
