import type { Bytes } from '../../model/bytes.ts'
import { headerOf, type RawRequest } from '../../model/request.ts'
import type { Verification } from '../../model/verification.ts'
import { readPlace, type Place } from './place.ts'
import { configText, failed, type Inbound } from './scheme.ts'
import {
  readSignatures,
  SIGNATURES_MAX,
  type SignatureFormat,
  type SignatureGroup,
} from './signature-header.ts'
import { compileTemplate, renderTemplate, type Template, type TemplateFacts } from './template.ts'
import { timestampFault, type TimeUnit } from './timestamp.ts'

/** What every scheme that signs content has in common: where the signature stands and what it covers. */
export interface SignedSpec {
  /** Signatures in all of these headers count; a name that ends in `*` stands for its numbered siblings. */
  header?: string | readonly string[]
  /** Instead of a header. */
  from?: Place
  /** Before each signature, required: `sha256=`. */
  prefix?: string
  format?: SignatureFormat
  /** The signed content; see `template.ts`. Of several any may be it, where a provider is known to vary. */
  signed?: string | readonly string[]
  /** `header` or `from`; without either it stands beside the signature (`format`). */
  timestamp?: {
    header?: string | readonly string[]
    from?: Place
    unit?: TimeUnit
    /** Absent: the provider signs a time but sets no limit; a source may (`config.toleranceSeconds`). */
    toleranceSeconds?: number
  }
  /** The header with the message id, when it is signed. */
  id?: string | readonly string[]
  /** Headers that must have this value; `$name` takes it from the source's config, and is skipped when unset. */
  require?: Readonly<Record<string, string>>
}

/** Signatures that share one content. A plain digest asks for the content of each secret. */
export interface Claim {
  signatures: readonly string[]
  /** What may have been signed; empty when the request lacks a part of it. */
  contents: (secret?: string) => Promise<Bytes[]>
}

/** Contents of different times in one request: a rotation has two. */
const GROUPS_MAX = 4

export type CheckClaim = (claim: Claim, inbound: Inbound) => Promise<Verification>

/**
 * Finds what is claimed to be signed and lets `check` decide. The time window is judged before any cryptography, so
 * replays cost little. The first group that holds decides; else the failure of the last one is told.
 */
export function signedContent(
  spec: SignedSpec,
  check: CheckClaim,
): (inbound: Inbound) => Promise<Verification> {
  const templates = contentTemplates(spec).map(compileTemplate)
  const needsId = spec.id !== undefined
  return async (inbound) => {
    const fault = requiredHeaders(spec, inbound)
    if (fault !== undefined) return fault
    const values = signatureValues(spec, inbound.request)
    if (values.length === 0) return failed('missing_header', `no signature in ${whereOf(spec)}`)
    const groups = mergeGroups(values.flatMap((value) => readSignatures(value, spec)))
    let verdict = failed('bad_format', `no signature of the expected form in ${whereOf(spec)}`)
    const id = firstHeader(inbound.request, spec.id)
    if (needsId && !id) return failed('missing_header', 'the message id is missing')
    for (const group of groups) {
      const ts = timestampOf(spec, group, inbound.request)
      const late = windowFault(spec, ts, inbound)
      if (late !== undefined) {
        verdict = late
        continue
      }
      const contents = (secret?: string): Promise<Bytes[]> =>
        renderAll(templates, { ...inbound, ts, id, secret })
      verdict = await check({ signatures: group.signatures, contents }, inbound)
      if (verdict.verdict !== 'failed') return verdict
    }
    return verdict
  }
}

/** For the documentation: what is signed. */
export function contentTemplates(spec: SignedSpec): readonly string[] {
  const { signed = '{body}' } = spec
  return typeof signed === 'string' ? [signed] : signed
}

/** For the documentation: where the signature stands. */
export function whereOf(spec: SignedSpec): string {
  if (spec.header === undefined) return spec.from ?? 'the body'
  return typeof spec.header === 'string' ? spec.header : spec.header.join(' or ')
}

/**
 * Signatures over one content together, so that the content is signed once for each secret, however many signatures
 * or headers a sender writes.
 */
function mergeGroups(groups: readonly SignatureGroup[]): SignatureGroup[] {
  const merged: SignatureGroup[] = []
  for (const { timestamp, signatures } of groups) {
    const same = merged.find((group) => group.timestamp === timestamp)
    if (same !== undefined) same.signatures.push(...signatures)
    else if (merged.length < GROUPS_MAX)
      merged.push(timestamp === undefined ? { signatures } : { timestamp, signatures })
  }
  return merged.map((group) => ({ ...group, signatures: group.signatures.slice(0, SIGNATURES_MAX) }))
}

async function renderAll(templates: readonly Template[], facts: TemplateFacts): Promise<Bytes[]> {
  const contents: Bytes[] = []
  for (const template of templates) {
    const content = await renderTemplate(template, facts)
    if (content !== undefined) contents.push(content)
  }
  return contents
}

function requiredHeaders(spec: SignedSpec, { request, config }: Inbound): Verification | undefined {
  for (const [name, wanted] of Object.entries(spec.require ?? {})) {
    const value = wanted.startsWith('$') ? configText(config, wanted.slice(1)) : wanted
    if (value === undefined) continue
    const sent = headerOf(request, name)
    if (sent === undefined) return failed('missing_header', `no ${name}`)
    if (sent === value) continue
    // A fixed value tells versions of a scheme apart; one of the owner's names the key.
    return failed(value === wanted ? 'missing_header' : 'unknown_key', `${name} is not the expected one`)
  }
  return undefined
}

function signatureValues(spec: SignedSpec, request: RawRequest): string[] {
  if (spec.header === undefined) {
    const value = spec.from === undefined ? undefined : readPlace(request, spec.from)
    return value === undefined ? [] : [value]
  }
  const names = typeof spec.header === 'string' ? [spec.header] : spec.header
  return request.headers
    .filter(([name]) => names.some((wanted) => isNamed(name, wanted)))
    .map(([, value]) => value)
}

function isNamed(name: string, wanted: string): boolean {
  if (!wanted.endsWith('*')) return name === wanted
  const stem = wanted.slice(0, -1)
  return name.startsWith(stem) && /^\d{1,3}$/.test(name.slice(stem.length))
}

function timestampOf(spec: SignedSpec, group: SignatureGroup, request: RawRequest): string | undefined {
  if (spec.timestamp?.from !== undefined) return readPlace(request, spec.timestamp.from)
  if (spec.timestamp?.header !== undefined) return firstHeader(request, spec.timestamp.header)
  return group.timestamp
}

function firstHeader(request: RawRequest, names: string | readonly string[] | undefined): string | undefined {
  if (names === undefined) return undefined
  for (const name of typeof names === 'string' ? [names] : names) {
    const value = headerOf(request, name)
    if (value !== undefined) return value
  }
  return undefined
}

function windowFault(spec: SignedSpec, ts: string | undefined, inbound: Inbound): Verification | undefined {
  if (spec.timestamp === undefined) return undefined
  if (ts === undefined || ts === '') return failed('timestamp_missing')
  const toleranceSeconds = toleranceOf(inbound.config, spec.timestamp.toleranceSeconds)
  const fault = timestampFault(ts, { unit: spec.timestamp.unit ?? 's', toleranceSeconds, now: inbound.now })
  return fault && failed(fault.reason, fault.hint)
}

/** The source's own window, else the provider's. */
export function toleranceOf<T extends number | undefined>(config: Inbound['config'], usual: T): number | T {
  const own = config['toleranceSeconds']
  return typeof own === 'number' && own > 0 ? own : usual
}
