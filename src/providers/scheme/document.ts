import { text } from '../../model/bytes.ts'
import { headerOf, type RawRequest } from '../../model/request.ts'
import { parseForm, type FormPair } from './form.ts'
import { parseJson } from './json.ts'

/** A body that was read. `none`: empty, binary, or not what it says it is; such bodies are relayed all the same. */
export type BodyDocument =
  | { kind: 'json' | 'form'; value: unknown }
  | { kind: 'none' }
  | { kind: 'hostile'; detail: string }

/** Fields in which forms carry JSON: GitHub, Slack and Travis; Dropbox Sign; Mandrill. */
const JSON_FIELDS = ['payload', 'json', 'mandrill_events'] as const

interface Read {
  document?: BodyDocument
  form?: readonly FormPair[]
}

/** What was read of a request, for as long as the request is in memory: a body is parsed at most once. */
const reads = new WeakMap<RawRequest, Read>()

export function documentOf(request: RawRequest): BodyDocument {
  const read = readOf(request)
  read.document ??= parseDocument(request)
  return read.document
}

/** The fields of a form body in the order sent; empty when the body is no form. */
export function formOf(request: RawRequest): readonly FormPair[] {
  const read = readOf(request)
  read.form ??= isForm(request) ? parseForm(text(request.body)) : []
  return read.form
}

function readOf(request: RawRequest): Read {
  let read = reads.get(request)
  if (read === undefined) {
    read = {}
    reads.set(request, read)
  }
  return read
}

function parseDocument(request: RawRequest): BodyDocument {
  if (request.body.byteLength === 0) return { kind: 'none' }
  if (isForm(request)) return formDocument(formOf(request))
  return jsonDocument(request.body)
}

function jsonDocument(bytes: Uint8Array): BodyDocument {
  const parsed = parseJson(bytes)
  switch (parsed.kind) {
    case 'value':
      return { kind: 'json', value: parsed.value }
    case 'too_deep':
      return { kind: 'hostile', detail: 'the body is nested too deeply' }
    case 'malformed':
      return { kind: 'none' }
  }
}

function formDocument(pairs: readonly FormPair[]): BodyDocument {
  for (const field of JSON_FIELDS) {
    const wrapped = pairs.find(([name]) => name === field)?.[1]
    if (wrapped !== undefined && /^\s*[[{]/.test(wrapped)) {
      const inner = jsonDocument(new TextEncoder().encode(wrapped))
      if (inner.kind !== 'none') return inner
    }
  }
  const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, field] of pairs) value[name] ??= field
  return { kind: 'form', value }
}

/** A body without a content type is taken for a form when it looks like one. */
function isForm(request: RawRequest): boolean {
  const type = headerOf(request, 'content-type')
  if (type !== undefined) return /^\s*application\/x-www-form-urlencoded/i.test(type)
  return /^[\w.%+[\]-]{1,100}=/.test(text(request.body.subarray(0, 101)))
}
