import type { AcceptBatch, DeliveryRef } from './accept.ts'
import type { LogMessage } from './delivery-log.ts'
import type { ErasedEvent } from './erasure.ts'
import type { Endpoint } from './endpoint.ts'
import type { BatchId, EndpointId } from './id.ts'
import type { Notice } from './notice.ts'
import type { AppendItem, Appended, HandOver, Settlement } from './intake.ts'
import type { Acknowledged, Acknowledgement, Poll, Polled } from './pull.ts'
import type { AwaitedDelivery, AwaitedEvent, Reply } from './reply.ts'
import type { RateLimit, RateVerdict } from './rate-limit.ts'

/**
 * What the objects and the loopback entrypoint offer one another. Code and objects change at different moments of a
 * deploy, so these must stay compatible with the version before.
 */
export interface IntakeRpc {
  append(items: AppendItem[]): Promise<Appended[]>
  /** Counts one request of a source that is limited to so many. */
  take(limit: RateLimit): Promise<RateVerdict>
  read(segment: number, index: number): Promise<Uint8Array | null>
  /** The records of some events, null for what the retention has taken. */
  readRecords(events: { segment: number; index: number }[]): Promise<(Uint8Array | null)[]>
  readSegments(segments: number[]): Promise<{ segment: number; records: Uint8Array }[]>
  /** A page of a fan-out by its number, or what was lent to an object by the object's name. */
  settlePage(segments: number[], page: number | string): Promise<void>
  /** Takes the payloads of events out, in their place; durable when answered. */
  erase(events: { segment: number; index: number }[]): Promise<{ segments: number; bodyKeys: string[] }>
  /** Also drops what is older than its tenant keeps, if that is given (ms). */
  check(retentionMs?: number): Promise<number>
}

export interface EndpointRpc {
  /** Answers with the segments that are only borrowed: all else is durable. The version before answered nothing. */
  accept(batch: AcceptBatch): Promise<number[] | void>
  configure(endpoint: Endpoint): Promise<void>
  remove(endpoint: Endpoint): Promise<void>
  confirm(receipts: number[]): Promise<void>
  /** As an intake's. */
  check(retentionMs?: number): Promise<void>
  /** Makes a waiting delivery due now. */
  retry(delivery: DeliveryRef): Promise<ByHand>
  /** Takes events out of the journal, and cancels what waits of them; durable when answered. */
  erase(events: ErasedEvent[], batchIds: BatchId[]): Promise<{ journalRows: number; cancelled: number }>
  /** Takes a waiting delivery back; durable when answered. */
  cancel(delivery: DeliveryRef): Promise<ByHand>
  /** What the endpoint answers to a delivery, or why nobody will know in time. */
  answer(delivery: AwaitedDelivery): Promise<Reply>
  /** For endpoints that are polled. */
  poll(poll: Poll): Promise<Polled>
  acknowledge(acknowledgement: Acknowledgement): Promise<Acknowledged>
}

/**
 * What an endpoint object made of an order by hand. `absent`: nothing of the delivery waits in it; `attempts` says
 * how many it knows of that the log may not have yet. `full`: too many such orders are under way.
 */
export type ByHand = { kind: 'done' | 'sending' | 'full' } | { kind: 'absent'; attempts: number }

export interface RouterRpc {
  /** Publishes the notice as an event of the tenant and, where it says so, disables the endpoint. */
  notify(endpoint: Endpoint, notice: Notice): Promise<void>
  handOver(handOver: HandOver): Promise<Settlement>
  /** Whether the log has it already; if not, it is on its way through the queue. */
  writeLog(message: LogMessage): Promise<boolean>
  registerIntake(name: string): Promise<void>
  findEndpoint(id: EndpointId): Promise<Endpoint | undefined>
  /** What the endpoint answers that an accepted event goes to. */
  replyTo(event: AwaitedEvent): Promise<Reply>
}
