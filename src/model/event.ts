import { concat, text, utf8, type Bytes } from './bytes.ts'
import type { EventId, SourceId, TenantId } from './id.ts'
import type { Masking } from './masking.ts'
import type { HeaderPair } from './request.ts'

/** Larger bodies go to object storage before the event is accepted, and the event carries the reference. */
export const INLINE_BODY_BYTES_MAX = 256 * 1024

/** What filters and receivers may learn about how an event came in. */
export interface EventMetadata {
  provider?: string
  verified?: 'verified' | 'authenticated' | 'unattempted'
  ip?: string
  country?: string
  region?: string
  city?: string
  asn?: number
  colo?: string
  /** A publisher's own metadata. */
  [key: string]: unknown
}

/** How a delivery differs from the event that it is of. */
export interface Made {
  /** The version of the subscription whose transformation it was. */
  version: number
  /** The body is the transformation's: it is sent as it is, unless the endpoint wants an envelope. */
  hasBody: boolean
  method?: string
  /** Below the endpoint's URL, with its query. */
  path?: string
  /** Null: not to be sent. */
  headers: [name: string, value: string | null][]
  /** The facts of the event as it came, which the log keeps. */
  from: Pick<EventHead, 'type' | 'contentType' | 'bodyBytes' | 'bodyKey'>
}

/** Everything about an event but its body; JSON-safe. */
export interface EventHead {
  id: EventId
  tenantId: TenantId
  /** Null: published through the API. */
  sourceId: SourceId | null
  type: string
  /** Milliseconds. */
  receivedAt: number
  occurredAt?: number
  /** The provider's own id of this delivery or event. */
  providerEventId?: string
  entityType?: string
  entityId?: string
  orderingKey?: string
  /** Milliseconds: its publisher wants it delivered no earlier. */
  deliverAt?: number
  /** The request as it came: for relayed events the receiver gets the body byte for byte. */
  method?: string
  /** What followed `/in/:sourceId` in the URL, with the query. */
  path?: string
  headers?: HeaderPair[]
  contentType: string
  metadata: EventMetadata
  /** What a subscription's transformation changed; absent: the event is as it came. */
  made?: Made
  /** What the log must hide of it, by the rules as of its receipt. */
  masking?: Masking
  /** Its body and facts were erased: it stands for nothing but its place. */
  erased?: true
  /** Its sender waits for the endpoint's answer, so that more of it is read. */
  isAwaited?: true
  /** JSON: the body with what its sender encrypted to the owner in clear. What reads the body reads this instead. */
  opened?: string
  /** Set when the body is in object storage and not in the record. */
  bodyKey?: string
  bodyBytes: number
}

export interface Event {
  head: EventHead
  /** Empty when `head.bodyKey` is set. */
  body: Bytes
}

/** The body for whoever looks into it: with what its sender encrypted in clear. As received it stays in `body`. */
export function readableBody({ opened }: Pick<EventHead, 'opened'>, body: Bytes): Bytes {
  return opened === undefined ? body : utf8(opened)
}

/**
 * An event as bytes: the length of the head (32 bits, big-endian), the head as JSON, the body as received. The one
 * form in which events are stored and handed between objects, so that each side copies instead of re-encoding.
 */
export function encodeEvent(event: Event): Bytes {
  const head = utf8(JSON.stringify(event.head))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, head.byteLength)
  return concat([length, head, event.body])
}

export function decodeEvent(record: Uint8Array): Event {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const headBytes = view.getUint32(0)
  const head = JSON.parse(text(record.subarray(4, 4 + headBytes))) as EventHead
  return { head, body: record.subarray(4 + headBytes) as Bytes }
}

/** Several records in one blob: each with its length (32 bits, big-endian) before it. */
export function packRecords(records: readonly Uint8Array[]): Bytes {
  const parts: Uint8Array[] = []
  for (const record of records) {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, record.byteLength)
    parts.push(length, record)
  }
  return concat(parts)
}

/** The records of a blob, as views into it. */
export function unpackRecords(blob: Uint8Array): Bytes[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const records: Bytes[] = []
  for (let offset = 0; offset < blob.byteLength;) {
    const length = view.getUint32(offset)
    records.push(blob.subarray(offset + 4, offset + 4 + length) as Bytes)
    offset += 4 + length
  }
  return records
}
