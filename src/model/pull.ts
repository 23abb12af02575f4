import type { Bytes } from './bytes.ts'
import type { BatchId, DeliveryId, EventId } from './id.ts'
import type { HeaderPair } from './request.ts'

/** Bodies of one page, which is held in memory as bytes, as text and as JSON. A larger body comes alone. */
export const PAGE_BYTES_MAX = 4 * 1024 * 1024
/** The object is billed while a consumer waits in it. */
export const PULL_WAIT_SECONDS_MAX = 20
/** As many as may be leased at a time. */
export const ACKNOWLEDGED_MAX = 1_000

/** The `webhook-id`: of a delivery, or of several that go together. */
export type MessageId = DeliveryId | BatchId

/** What a consumer asks an endpoint's object for. */
export interface Poll {
  limit: number
  /** How long to wait for the first message. */
  waitMs: number
  /** Absent: as the endpoint's settings say. */
  visibilityMs?: number
  /** The page before this one, of which everything is acknowledged as delivered. */
  page?: number
  /** The settings that the caller has seen; an object with older ones fetches the new ones. */
  endpointVersion: number
}

/** One message, leased to the consumer that asked. */
export interface PulledMessage {
  id: MessageId
  /** Of a batch: the first. */
  eventId: EventId
  eventType: string
  /** When it happened (ms), else when it was received. */
  at: number
  attempt: number
  /** Until when it must be acknowledged (ms). */
  leasedUntil: number
  /** As a push would send them, the signature among them. */
  headers: HeaderPair[]
  body: Bytes
}

export interface Polled {
  /** Undefined: there is no message. */
  page?: number
  messages: PulledMessage[]
}

/** What a consumer made of messages that it has. */
export interface Acknowledgement {
  /** Those of a page, or each by its id. */
  of: { page: number } | { ids: MessageId[] }
  outcome: 'delivered' | 'rejected' | 'retry'
  /** The consumer's own words, for the log. */
  reason?: string
  /** For `retry`: not before then. */
  retryAfterMs?: number
}

export interface Acknowledged {
  ids: MessageId[]
}
