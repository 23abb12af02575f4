import type { Event, EventHead, EventMetadata } from '../model/event.ts'
import type { EventId } from '../model/id.ts'
import { headerOf, type HeaderPair, type RawRequest } from '../model/request.ts'
import { err, ok, type Result } from '../model/result.ts'
import type { Source } from '../model/source.ts'
import type { Verification } from '../model/verification.ts'
import { eventFactsOf } from '../providers/event-config.ts'
import type { EventFacts } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { documentOf } from '../providers/scheme/document.ts'
import { replaceAt } from '../providers/scheme/encrypted.ts'
import { atPointer } from '../providers/scheme/json.ts'
import { splitBatch } from './batch.ts'
import { dedupeOf } from './dedupe.ts'
import { readFact, timeOf, type FactSource } from './facts.ts'
import { withoutSecrets } from './redact.ts'

/** An event ready to be accepted, and the key by which a repeat of it is known (null: repeats are not looked for). */
export interface NormalisedEvent {
  event: Event
  dedupeKey: string | null
  dedupeWindowSeconds: number
}

/** Why a request cannot become an event, although its sender may be genuine. */
export interface Refusal {
  code: 'body_hostile' | 'headers_too_large'
  detail: string
}

export interface NormaliseInput {
  source: Pick<Source, 'id' | 'tenantId' | 'provider' | 'settings' | 'masking'>
  request: RawRequest
  /** What followed `/in/:sourceId`, with the query. */
  path: string
  verification: Verification
  /** What is known of the connection (address, country, colo). */
  metadata: EventMetadata
  newEventId: () => EventId
}

/** Cloudflare takes 128 KiB of headers; an event keeps them all, so that much would dwarf most bodies. */
const HEADER_CHARS_MAX = 64 * 1024
/** `changes` is kept with the event for filters; what is larger stays in the body only. */
const CHANGES_CHARS_MAX = 8192

/** What was opened travels with the head of its event; what is larger stays encrypted. */
const OPENED_CHARS_MAX = 192 * 1024

/** A request as events: read by the provider's pointers, never refused for a body that cannot be read. */
export async function normalise(input: NormaliseInput): Promise<Result<NormalisedEvent[], Refusal>> {
  const { source, request } = input
  const document = documentOf(request)
  if (document.kind === 'hostile') return err({ code: 'body_hostile', detail: document.detail })
  if (headerChars(request) > HEADER_CHARS_MAX) {
    return err({ code: 'headers_too_large', detail: `more than ${HEADER_CHARS_MAX} characters of headers` })
  }
  const provider = findProvider(source.provider)
  const facts = eventFactsOf(provider, source.settings.config)
  const kept = withoutSecrets(provider?.scheme?.reveals?.(source.settings.config) ?? [], {
    headers: request.headers,
    path: input.path,
  })
  const root = 'value' in document ? document.value : undefined
  const clear = await provider?.opens?.({ request, config: source.settings.config })
  const items = facts.isWhole ? undefined : splitBatch(request, document, facts.batch)
  const events: NormalisedEvent[] = []
  for (const [index, { item, body }] of (items ?? [{ item: root, body: request.body }]).entries()) {
    const opened = clear === undefined ? undefined : openedPart(clear, items && facts.batch, index)
    const from: FactSource = { request, root: clear ?? root, item: opened ? opened.item : item }
    const head = { ...headOf({ ...input, ...kept }, facts, from), ...textField('opened', opened?.json) }
    const isOneOfMany = items !== undefined && items.length > 1
    const dedupe = await dedupeOf({
      source,
      request: { method: request.method, body },
      path: input.path,
      facts,
      from,
      index: isOneOfMany ? index : null,
    })
    events.push({ event: { head: { ...head, bodyBytes: body.byteLength }, body }, ...dedupe })
  }
  return ok(events)
}

/** An event's part of a document that was opened: with one of its items, as the body has it. */
function openedPart(
  clear: unknown,
  pointer: string | undefined,
  index: number,
): { item: unknown; json: string | undefined } {
  const list = pointer === undefined ? undefined : atPointer(clear, pointer)
  const item: unknown = Array.isArray(list) ? list[index] : clear
  const json = JSON.stringify(Array.isArray(list) ? replaceAt(clear, pointer ?? '', [item]) : clear)
  return { item, json: json.length > OPENED_CHARS_MAX ? undefined : json }
}

function headOf(
  input: NormaliseInput & { headers: HeaderPair[] },
  facts: EventFacts,
  from: FactSource,
): EventHead {
  const { source, request, path, headers } = input
  const occurredAt = timeOf(readFact(facts.occurredAt, from))
  return {
    id: input.newEventId(),
    tenantId: source.tenantId,
    sourceId: source.id,
    type: readFact(facts.type, from) ?? facts.typeDefault ?? `${source.provider}.event`,
    receivedAt: request.receivedAt,
    ...(occurredAt !== undefined && { occurredAt }),
    ...textField('providerEventId', readFact(facts.id, from)),
    ...textField('entityType', readFact(facts.entityType, from)),
    ...textField('entityId', readFact(facts.entityId, from)),
    ...textField('orderingKey', orderingKeyOf(source.settings.orderingKey, from)),
    method: request.method,
    path,
    headers,
    contentType: contentTypeOf(request),
    ...(source.masking && { masking: source.masking }),
    metadata: { ...input.metadata, ...provenance(input), ...changesOf(facts, from) },
    bodyBytes: request.body.byteLength,
    ...(source.settings.response?.mode === 'sync' && { isAwaited: true as const }),
  }
}

/** What a body without a type most likely is; receivers get it as their content type. */
function contentTypeOf(request: RawRequest): string {
  const sent = headerOf(request, 'content-type')
  if (sent !== undefined) return sent
  switch (documentOf(request).kind) {
    case 'json':
      return 'application/json'
    case 'lines':
      return 'application/x-ndjson'
    case 'xml':
      return 'application/xml'
    case 'jwt':
      return 'application/jwt'
    case 'form':
    case 'wrapped':
      return 'application/x-www-form-urlencoded'
    case 'none':
    case 'hostile':
      return 'application/octet-stream'
  }
}

function provenance({ source, verification }: NormaliseInput): EventMetadata {
  const { verdict } = verification
  return verdict === 'failed'
    ? { provider: source.provider }
    : { provider: source.provider, verified: verdict }
}

function orderingKeyOf(setting: string | null, from: FactSource): string | undefined {
  if (setting === null) return undefined
  if (setting.startsWith('header:')) return readFact(`header:${setting.slice('header:'.length)}`, from)
  if (!setting.startsWith('/')) return undefined
  return readFact([setting as `/${string}`, `root:${setting}` as `root:/${string}`], from)
}

function changesOf(facts: EventFacts, { item }: FactSource): EventMetadata {
  if (facts.changes === undefined) return {}
  const changes = atPointer(item, facts.changes)
  if (changes === undefined || changes === null) return {}
  return JSON.stringify(changes).length > CHANGES_CHARS_MAX ? {} : { changes }
}

function textField<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: string })
}

function headerChars({ headers }: RawRequest): number {
  let chars = 0
  for (const [name, value] of headers) chars += name.length + value.length
  return chars
}
