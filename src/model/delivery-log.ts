import type { BatchId, DeliveryId, EndpointId, EventId, SourceId, SubscriptionId, TenantId } from './id.ts'
import type { HeaderPair } from './request.ts'

/** As in the API. `pending`: not yet tried; `retrying`: tried and due again; `held`: waits for a resume. */
export type DeliveryStatus = 'pending' | 'delivered' | 'retrying' | 'held' | 'dead' | 'cancelled'

/** Where an event is kept: the intake object's name, the segment in it, the index in the segment. */
export interface EventPointer {
  intake: string
  segment: number
  index: number
}

/** A row of `events` in the log database. Times in milliseconds. */
export interface EventRow {
  id: EventId
  tenantId: TenantId
  sourceId: SourceId | null
  type: string
  receivedAt: number
  occurredAt: number | null
  providerEventId: string | null
  entityType: string | null
  entityId: string | null
  contentType: string
  bodyBytes: number
  bodyKey: string | null
  /** Absent in what a version before wrote. */
  country?: string | null
  orderingKey?: string | null
  /** By which it was erased; only as read from the log. */
  erasureId?: string | null
  pointer: EventPointer
}

/** One try, as its inspector shows it. Bodies are cut; secrets never stand in it. */
export interface AttemptRecord {
  at: number
  durationMs: number
  /** `delivered`, or the reason why not. */
  result: string
  statusCode?: number
  url: string
  method: string
  requestHeaders: HeaderPair[]
  responseHeaders?: HeaderPair[]
  /** At most 16 KiB, as text. */
  responseBody?: string
  responseTruncated?: boolean
  error?: string
  /** It was one of so many in a request; what was sent and answered stands with the delivery that is named here. */
  batch?: { id: BatchId; size: number; deliveryId: DeliveryId }
}

/** A row of `deliveries`. `version` grows with each change, so a late or repeated batch never takes a row back. */
export interface DeliveryRow {
  id: DeliveryId
  tenantId: TenantId
  eventId: EventId
  eventType: string
  sourceId: SourceId | null
  endpointId: EndpointId
  subscriptionId: SubscriptionId
  status: DeliveryStatus
  /** Tries so far. */
  attempts: number
  statusCode: number | null
  error: string | null
  durationMs: number | null
  lastAttemptAt: number | null
  nextAttemptAt: number | null
  version: number
  /** New attempts since the last row, by number from 1; merged into those already logged. */
  attemptLog: Record<string, AttemptRecord>
}

/** A refused request, kept for the owner of the source. */
export interface RejectionRow {
  id: string
  tenantId: TenantId
  sourceId: SourceId
  at: number
  reason: string
  detail: string
  ip: string | null
  country: string | null
  method: string
  headers: HeaderPair[]
  bodySample: string
  /** Refused requests that this one stands for, itself included: the others were not kept. */
  count?: number
}

/** A message of the `log` queue. `receipt` tells the endpoint object's shard which of its outcomes are safe. */
export type LogMessage =
  | { kind: 'deliveries'; object: string; receipt: number; events: EventRow[]; rows: DeliveryRow[] }
  | { kind: 'events'; events: EventRow[] }
  | { kind: 'rejections'; rows: RejectionRow[] }
