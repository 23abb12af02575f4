import { text, textExact, type Bytes } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import { readableBody, type Event, type EventHead } from '../model/event.ts'
import { documentOf } from '../providers/scheme/document.ts'

/** An event as filters and transformations see it. */
export interface EventView {
  /** Parsed where it is JSON, XML or a form; else text; undefined when it is neither or too large. */
  body: unknown
  /** By name in lower case; of repeated ones the first. */
  headers: Record<string, string>
  query: Record<string, string>
  path: string
  method: string
  type: string
  source: string | null
  metadata: Record<string, unknown>
  geo: Record<string, unknown>
  event: Record<string, unknown>
}

/** Larger bodies are delivered as ever, but rules do not look into them. */
export const RULE_BODY_BYTES_MAX = 2 * 1024 * 1024

const GEO = ['country', 'region', 'city', 'asn', 'colo', 'ip', 'continent', 'timezone'] as const

/** Each part is made when it is first asked for, so a filter over headers parses no body. */
export function viewOf({ head, body }: Event): EventView {
  return new LazyView(head, body)
}

class LazyView implements EventView {
  readonly #head: EventHead
  readonly #bytes: Bytes
  #parsed: { body: unknown } | undefined
  #headers: Record<string, string> | undefined

  constructor(head: EventHead, bytes: Bytes) {
    this.#head = head
    this.#bytes = bytes
    // Own members, since paths lead to nothing that is inherited.
    for (const name of VIEW) {
      Object.defineProperty(this, name, { enumerable: true, get: () => this.#read(name) })
    }
  }

  declare readonly body: unknown
  declare readonly headers: Record<string, string>
  declare readonly query: Record<string, string>
  declare readonly path: string
  declare readonly method: string
  declare readonly type: string
  declare readonly source: string | null
  declare readonly metadata: Record<string, unknown>
  declare readonly geo: Record<string, unknown>
  declare readonly event: Record<string, unknown>

  #read(name: keyof EventView): unknown {
    const head = this.#head
    switch (name) {
      case 'body':
        return (this.#parsed ??= { body: parseBody(head, readableBody(head, this.#bytes)) }).body
      case 'headers':
        return (this.#headers ??= headersOf(head))
      case 'query':
        return queryOf(head.path ?? '')
      case 'path':
        return (head.path ?? '').split('?')[0]
      case 'method':
        return head.method ?? 'POST'
      case 'type':
        return head.type
      case 'source':
        return head.sourceId
      case 'metadata':
        return { ...head.metadata, source: head.sourceId, receivedAt: isoTime(head.receivedAt) }
      case 'geo':
        return Object.fromEntries(
          GEO.flatMap((key) => (head.metadata[key] === undefined ? [] : [[key, head.metadata[key]]])),
        )
      case 'event':
        return eventOf(head)
    }
  }
}

/** What a rule sees of an event, by name. */
export const VIEW = [
  'body',
  'headers',
  'query',
  'path',
  'method',
  'type',
  'source',
  'metadata',
  'geo',
  'event',
] as const

/** All of it at once, for those who take it apart themselves. */
export function plainView(view: EventView): EventView {
  return Object.fromEntries(VIEW.map((name) => [name, view[name]])) as unknown as EventView
}

function eventOf(head: EventHead): Record<string, unknown> {
  const { id, type, sourceId, providerEventId, entityType, entityId, orderingKey, contentType } = head
  const times = {
    receivedAt: isoTime(head.receivedAt),
    ...(head.occurredAt === undefined ? {} : { occurredAt: isoTime(head.occurredAt) }),
  }
  const all = { id, type, sourceId, providerEventId, entityType, entityId, orderingKey, contentType }
  return { ...Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)), ...times }
}

function parseBody({ contentType, headers, method, path }: EventHead, bytes: Bytes): unknown {
  if (bytes.byteLength === 0 || bytes.byteLength > RULE_BODY_BYTES_MAX) return undefined
  const all = headers ?? [['content-type', contentType]]
  const request = { method: method ?? 'POST', url: path ?? '', headers: all, body: bytes, receivedAt: 0 }
  const document = documentOf(request)
  if ('value' in document) return document.value
  return textExact(bytes) === undefined ? undefined : text(bytes)
}

function headersOf({ headers = [] }: EventHead): Record<string, string> {
  const byName: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of headers) byName[name] ??= value
  return byName
}

function queryOf(path: string): Record<string, string> {
  const at = path.indexOf('?')
  const query: Record<string, string> = Object.create(null) as Record<string, string>
  if (at === -1) return query
  for (const [name, value] of new URLSearchParams(path.slice(at + 1))) query[name] ??= value
  return query
}
