import { concat, sha256, text, toBase64, toHex, utf8, type Bytes } from '../../model/bytes.ts'
import type { RawRequest } from '../../model/request.ts'
import { invariant } from '../../model/invariant.ts'
import { documentOf, formOf } from './document.ts'
import type { FormPair } from './form.ts'
import { crc32, md5 } from './checksum.ts'
import { sliceAt } from './json-slice.ts'
import { pointerOfPath } from './json.ts'
import { readPlace } from './place.ts'
import { configText, type Inbound } from './scheme.ts'

/** What a signature is made over, as text with placeholders, for example `{ts}.{body}`; see `PLACEHOLDERS`. */
export type Template = readonly (string | Placeholder)[]

interface Placeholder {
  name: string
  argument: string
}

/** What a template draws on besides the request itself. */
export interface TemplateFacts extends Inbound {
  /** The timestamp and the message id exactly as sent. */
  ts?: string | undefined
  id?: string | undefined
  /** Only for plain digests, which put the secret into the text. */
  secret?: string | undefined
}

type Part = string | Uint8Array | undefined | Promise<string | Uint8Array | undefined>

const PLACEHOLDERS: Record<string, (facts: TemplateFacts, argument: string) => Part> = {
  body: ({ request }) => request.body,
  escapedBody: ({ request }) => escapedJson(text(request.body)),
  ts: ({ ts }) => ts,
  id: ({ id }) => id,
  url: ({ request }) => request.url,
  decodedUrl: ({ request }) => decodedUrl(request.url),
  method: ({ request }) => request.method,
  path: ({ request }) => pathOf(request.url),
  header: ({ request }, name) => readPlace(request, `header:${name}`),
  json: ({ request }, path) => readPlace(request, `json:${path}`),
  rawJson: ({ request }, path) => rawJson(request, path),
  form: ({ request }, name) => readPlace(request, `form:${name}`),
  query: ({ request }, name) => readPlace(request, `query:${name}`),
  config: ({ config, request }, name) =>
    configText(config, name) ?? (name === 'url' ? request.url : undefined),
  secret: ({ secret }) => secret,
  sortedForm: ({ request }) => sortedForm(formOf(request)),
  sortedFormPairs: ({ request }, excluded) => sortedFormPairs(formOf(request), excluded.split(',')),
  phpForm: ({ request }, excluded) => phpForm(formOf(request), excluded),
  'sha256hex(body)': async ({ request }) => toHex(await sha256(request.body)),
  'sha256raw(body)': ({ request }) => sha256(request.body),
  'md5base64(body)': ({ request: { body } }) => (body.byteLength === 0 ? '' : toBase64(md5(body))),
  'crc32(body)': ({ request }) => String(crc32(request.body)),
}

export function compileTemplate(source: string): Template {
  const fault = templateFault(source)
  invariant(fault === undefined, `compileTemplate: ${fault}`)
  const parts: (string | Placeholder)[] = []
  let end = 0
  for (const match of source.matchAll(/\{([^{}]+)\}/g)) {
    if (match.index > end) parts.push(source.slice(end, match.index))
    parts.push(placeholder(match[1] ?? ''))
    end = match.index + match[0].length
  }
  if (end < source.length) parts.push(source.slice(end))
  return parts
}

/** What is wrong with a template that an owner wrote, or undefined. */
export function templateFault(source: string): string | undefined {
  for (const match of source.matchAll(/\{([^{}]+)\}/g)) {
    const { name } = placeholder(match[1] ?? '')
    if (!Object.hasOwn(PLACEHOLDERS, name)) return `unknown placeholder {${name}}`
  }
  return undefined
}

/** The bytes that were signed, or undefined when the request lacks a part. The body goes in as bytes, never as text. */
export async function renderTemplate(template: Template, facts: TemplateFacts): Promise<Bytes | undefined> {
  const [only] = template
  if (template.length === 1 && typeof only === 'object' && only.name === 'body') return facts.request.body
  const parts: Uint8Array[] = []
  for (const part of template) {
    const value = typeof part === 'string' ? part : await PLACEHOLDERS[part.name]?.(facts, part.argument)
    if (value === undefined) return undefined
    parts.push(typeof value === 'string' ? utf8(value) : value)
  }
  return concat(parts)
}

function placeholder(inner: string): Placeholder {
  const colon = inner.indexOf(':')
  if (colon < 0) return { name: inner, argument: '' }
  return { name: inner.slice(0, colon), argument: inner.slice(colon + 1) }
}

function pathOf(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/#.*$/s, '')
}

/** A member of the body as its sender wrote it. */
function rawJson(request: RawRequest, path: string): Uint8Array | undefined {
  if (documentOf(request).kind !== 'json') return undefined
  const slice = sliceAt(request.body, pointerOfPath(path))
  return slice && request.body.subarray(slice.start, slice.end)
}

/** The fields in the order of their names, as PHP serialises an array of strings. */
function phpForm(pairs: readonly FormPair[], excluded: string): string {
  const kept = pairs.filter(([name]) => name !== excluded).toSorted(([a], [b]) => byCodeUnits(a, b))
  const php = (value: string): string => `s:${utf8(value).byteLength}:"${value}";`
  return `a:${kept.length}:{${kept.map(([name, value]) => php(name) + php(value)).join('')}}`
}

/** HubSpot undoes the escapes of these characters before it signs a URL. */
function decodedUrl(url: string): string {
  return url.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escape) => decodeURIComponent(escape))
}

/** JSON as PHP writes it and Box signs it: characters beyond ASCII and slashes escaped. */
export function escapedJson(json: string): string {
  const ascii = json.replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return ascii.replace(/(?<!\\)\//g, '\\/')
}

/** Names and values run together in the order of the names; of equal fields one counts (Twilio's rule). */
function sortedForm(pairs: readonly FormPair[]): string {
  const texts = new Set(pairs.map(([name, value]) => `${name}\u0000${value}`))
  return [...texts].toSorted(byCodeUnits).join('').replaceAll('\u0000', '')
}

/** `a=1&b=2` in the order of the names, values decoded. */
function sortedFormPairs(pairs: readonly FormPair[], excluded: readonly string[]): string {
  return pairs
    .filter(([name]) => !excluded.includes(name))
    .toSorted(([a], [b]) => byCodeUnits(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
