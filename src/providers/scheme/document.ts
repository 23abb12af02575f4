import { fromBase64Url, text, utf8, type Bytes } from '../../model/bytes.ts'
import { headerOf, type RawRequest } from '../../model/request.ts'
import { parseForm, type FormPair } from './form.ts'
import { parseJson } from './json.ts'
import { parseMultipart } from './multipart.ts'
import { parseXml } from './xml.ts'

/**
 * A body that was read. `wrapped`: the JSON of a form's field. `none`: empty, binary, or not what it says it is; such
 * bodies are relayed all the same. `hostile`: made to hurt whoever reads it.
 */
export type BodyDocument =
  | { kind: 'json' | 'form' | 'xml' | 'jwt'; value: unknown }
  | { kind: 'wrapped'; value: unknown; field: string; json: Bytes }
  | { kind: 'lines'; value: unknown[] }
  | { kind: 'none' }
  | { kind: 'hostile'; detail: string }

/** Fields in which forms carry JSON: GitHub, Slack and Travis; Dropbox Sign; Mandrill. */
const JSON_FIELDS = ['payload', 'json', 'mandrill_events'] as const
/** Lines of JSON in one request; more are relayed as they are. */
const LINES_MAX = 1000

interface Read {
  type: string | undefined
  document?: BodyDocument
  form?: readonly FormPair[]
}

/** What was read of a body, for as long as it is in memory: copies of a request share it, and it is parsed once. */
const reads = new WeakMap<Uint8Array, Read>()

export function documentOf(request: RawRequest): BodyDocument {
  const read = readOf(request)
  read.document ??= parseDocument(request)
  return read.document
}

/** The fields of a form body in the order sent; empty when the body is no form. */
export function formOf(request: RawRequest): readonly FormPair[] {
  const read = readOf(request)
  read.form ??= parseFields(request)
  return read.form
}

function readOf(request: RawRequest): Read {
  const type = headerOf(request, 'content-type')
  const known = reads.get(request.body)
  if (known !== undefined && known.type === type) return known
  const read: Read = { type }
  reads.set(request.body, read)
  return read
}

function parseDocument(request: RawRequest): BodyDocument {
  const { body } = request
  if (body.byteLength === 0) return { kind: 'none' }
  if (isForm(request) || isMultipart(request)) return formDocument(formOf(request))
  switch (firstCharacter(body)) {
    case '<':
      return xmlDocument(body)
    case 'e':
      return jwtDocument(body)
    default:
      return jsonDocument(body)
  }
}

function jsonDocument(bytes: Uint8Array): BodyDocument {
  const parsed = parseJson(bytes)
  switch (parsed.kind) {
    case 'value':
      return { kind: 'json', value: parsed.value }
    case 'too_deep':
      return { kind: 'hostile', detail: 'the body is nested too deeply' }
    case 'malformed':
      return linesDocument(bytes)
  }
}

/** JSON of one value a line (NDJSON, JSON Lines). */
function linesDocument(bytes: Uint8Array): BodyDocument {
  if (firstCharacter(bytes) !== '{') return { kind: 'none' }
  const value: unknown[] = []
  for (const line of linesOf(bytes)) {
    const parsed = parseJson(line)
    if (parsed.kind !== 'value' || value.length === LINES_MAX) return { kind: 'none' }
    value.push(parsed.value)
  }
  return { kind: 'lines', value }
}

/** The lines that are not blank, each with its line feed. */
export function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let start = 0; start < bytes.byteLength;) {
    const feed = bytes.indexOf(0x0a, start)
    const end = feed < 0 ? bytes.byteLength : feed + 1
    const line = bytes.subarray(start, end)
    if (line.some((byte) => byte > 0x20)) lines.push(line)
    start = end
  }
  return lines
}

function xmlDocument(bytes: Uint8Array): BodyDocument {
  const parsed = parseXml(bytes)
  switch (parsed.kind) {
    case 'value':
      return { kind: 'xml', value: parsed.value }
    case 'hostile':
      return { kind: 'hostile', detail: 'the body declares entities or is nested too deeply' }
    case 'malformed':
      return { kind: 'none' }
  }
}

/** A body that is a JSON Web Token: its claims, and those that it carries as JSON in `data`. */
function jwtDocument(bytes: Uint8Array): BodyDocument {
  const [, claims] = /^\s*[\w-]+\.([\w-]+)\.[\w-]+\s*$/.exec(text(bytes)) ?? []
  const parsed = parseJson(fromBase64Url(claims ?? '') ?? bytes)
  if (parsed.kind !== 'value') return { kind: 'none' }
  const value = parsed.value as { data?: unknown } | null
  const inner = typeof value?.data === 'string' ? parseJson(utf8(value.data)) : undefined
  return { kind: 'jwt', value: inner?.kind === 'value' ? { ...value, data: inner.value } : value }
}

function formDocument(pairs: readonly FormPair[]): BodyDocument {
  for (const field of JSON_FIELDS) {
    const wrapped = pairs.find(([name]) => name === field)?.[1]
    if (wrapped === undefined || !/^\s*[[{]/.test(wrapped)) continue
    const json = utf8(wrapped)
    const inner = jsonDocument(json)
    if (inner.kind === 'json') return { kind: 'wrapped', value: inner.value, field, json }
    if (inner.kind === 'hostile') return inner
  }
  const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, field] of pairs) value[name] ??= field
  return { kind: 'form', value }
}

function parseFields(request: RawRequest): readonly FormPair[] {
  if (isForm(request)) return parseForm(text(request.body))
  if (!isMultipart(request)) return []
  return parseMultipart(request.body, headerOf(request, 'content-type') ?? '')
}

/** What a sender calls a form or does not name (`text/plain` is what clients say for want of better) by its look. */
function isForm(request: RawRequest): boolean {
  if (/[[{<]/.test(firstCharacter(request.body))) return false
  const type = headerOf(request, 'content-type') ?? 'text/plain'
  if (/^\s*application\/x-www-form-urlencoded/i.test(type)) return true
  return /^\s*text\/plain/i.test(type) && /^[\w.%+[\]-]{1,100}=/.test(text(request.body.subarray(0, 101)))
}

function isMultipart(request: RawRequest): boolean {
  return /^\s*multipart\/form-data/i.test(headerOf(request, 'content-type') ?? '')
}

function firstCharacter(bytes: Uint8Array): string {
  return text(bytes.subarray(0, 64)).trimStart().charAt(0)
}
