import type { Aggregation } from './batch.ts'
import type { JournalClass } from './journal-class.ts'
import type { EventPointer } from './delivery-log.ts'
import type { DeliveryId, EndpointId, EventId, SubscriptionId, TenantId } from './id.ts'

/** A delivery as it is handed to an endpoint object: which record, for which subscription. */
export interface AcceptItem {
  /** Where the event is kept in the intake: also the key by which a repeated hand-over is recognised. */
  segment: number
  index: number
  eventId: EventId
  subscriptionId: SubscriptionId
  /** Index into the batch's records. */
  record: number
  /** Attempts of earlier rounds; absent: it is new. */
  triedBefore?: number
  /** Milliseconds: not before then. */
  deliverAt?: number
  /** It becomes part of one delivery with others. */
  aggregate?: Aggregation
}

/** Whole segments of one intake object, as far as one endpoint is concerned. */
export interface AcceptBatch {
  tenantId: TenantId
  endpointId: EndpointId
  /** The settings that route has seen; an object with older ones fetches the new ones. */
  endpointVersion: number
  intake: string
  /** Under which a repeat of the hand-over is recognised, when not under the intake: the id of a replay. */
  origin?: string
  items: AcceptItem[]
  /** Absent: `normal`. */
  class?: JournalClass
  /** The intake keeps the events until the object settles them, so it may try before it writes. */
  mayBorrow?: boolean
  /** `packRecords` of the distinct events. */
  records: Uint8Array
}

/** One delivery, as an endpoint object finds it. */
export interface DeliveryRef {
  id: DeliveryId
  subscriptionId: SubscriptionId
  pointer: EventPointer
}

/** A page of endpoints for events with more endpoints than are handed over directly; a message of the `fanout` queue. */
export interface FanoutMessage {
  intake: string
  tenantId: TenantId
  segments: number[]
  page: number
  endpointIds: EndpointId[]
}
