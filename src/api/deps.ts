import type { z } from 'zod'
import type { DeliveryRef } from '../model/accept.ts'
import type { Bytes } from '../model/bytes.ts'
import type { Bill } from '../model/bill.ts'
import type { Clock } from '../model/clock.ts'
import type { EventPointer } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { ErasureId } from '../model/erasure.ts'
import type { Event } from '../model/event.ts'
import type { EndpointId, EventId, ReplayId, SourceId, SubscriptionId, TenantId } from '../model/id.ts'
import type { FieldError } from '../model/problem.ts'
import type { Subscription } from '../model/subscription.ts'
import type { SystemEvent } from '../model/notice.ts'
import type { Probed, ProbeRequest } from '../model/probe.ts'
import type { Publication } from '../model/publication.ts'
import type { Acknowledgement, MessageId, Poll, PulledMessage } from '../model/pull.ts'
import type { Result } from '../model/result.ts'
import type { ByHand } from '../model/rpc.ts'
import type { Sealer } from '../model/seal.ts'
import type { Send } from '../registrations/registration.ts'

/** What the API must know of a provider to accept a source for it. */
export interface KnownProvider {
  /** It signs with a secret that we may choose. */
  needsSecret: boolean
  /** Each must accept the source's `config`, which may hold keys beyond them. */
  configSchemas: readonly z.ZodType[]
}

/** A page of messages, and which of the endpoint's objects leased it. */
export interface PagePlace {
  shard: number
  page: number
}

export interface PulledPage {
  /** Undefined: there is no message. */
  place?: PagePlace
  messages: PulledMessage[]
}

/** What the management API needs from the rest of the Worker. */
export interface ApiDeps {
  clock: Clock
  /** The configuration database. */
  db: D1Database
  /** The log database. */
  logDb: D1Database
  sealer: Sealer
  /** The Worker secret; empty: no root token is accepted. */
  rootToken: string
  /** Makes the events durable and answers in their order; rejects when any may not be. */
  publish: (tenantId: TenantId, events: Publication[]) => Promise<{ id: EventId; duplicate: boolean }[]>
  /** Publishes an event of our own; the same trouble is told once a day. */
  tell: (tenantId: TenantId, event: SystemEvent) => Promise<void>
  /** The event with its body, from its intake and, when it has a key, from object storage; undefined: retention took it. */
  readEvent: (pointer: EventPointer, bodyKey: string | null) => Promise<Event | undefined>
  /** The events of some segments of an intake, packed, as far as retention has left them. */
  readSegments: (intake: string, segments: number[]) => Promise<{ segment: number; records: Uint8Array }[]>
  /** A body that is kept apart; undefined: retention took it. */
  readLargeBody: (key: string) => Promise<Bytes | undefined>
  /** Takes the first steps of an erasure, as far as one request may; the sweep takes the rest. */
  erasureCreated: (id: ErasureId) => Promise<void>
  /** Tells the endpoint's object of changed settings, state or secrets; resolves when they hold there. */
  endpointChanged: (endpoint: Endpoint) => Promise<void>
  /** Ends the object's work; what it still held is cancelled. */
  endpointRemoved: (endpoint: Endpoint) => Promise<void>
  /** Makes a waiting delivery due now, or takes it back. */
  orderDelivery: (endpoint: Endpoint, order: 'retry' | 'cancel', delivery: DeliveryRef) => Promise<ByHand>
  /** Hands a delivery that has ended over once more; false: its event is no longer stored. */
  redeliver: (endpoint: Endpoint, again: { ref: DeliveryRef; triedBefore: number }) => Promise<boolean>
  /** Leases messages of an endpoint that is polled; `after` is the page before, which is acknowledged. */
  pullMessages: (endpoint: Endpoint, poll: Omit<Poll, 'page'> & { after?: PagePlace }) => Promise<PulledPage>
  /** Answers with the deliveries that were leased, and that this ended. */
  acknowledgeMessages: (
    endpoint: Endpoint,
    what: Omit<Acknowledgement, 'of'> & { of: PagePlace | { ids: MessageId[] } },
  ) => Promise<MessageId[]>
  /** Sends test events to the endpoint and answers what became of them. */
  probe: (endpoint: Endpoint, request: ProbeRequest) => Promise<Probed[]>
  /** The endpoints that want events like these, each as often as its subscriptions do. */
  endpointsWanting: (
    tenantId: TenantId,
    events: { type: string; sourceId: SourceId | null }[],
  ) => Promise<EndpointId[][]>
  /** Lets the replay begin at once; otherwise the sweep finds it. */
  replayCreated: (id: ReplayId) => Promise<void>
  /** Drops what this isolate has cached of the source. */
  sourceChanged: (id: SourceId) => void
  /** How often this isolate has read a source from the database. */
  sourceReads: () => number
  /** What this isolate has counted of what the platform bills. */
  billed: () => Bill
  /** Whether deliveries may go to the URL; the detail is for the caller to read. */
  checkTarget: (url: string) => Promise<Result<unknown, { reason: string; detail: string }>>
  /** Asks a provider's API, to which no redirect leads, and which may not be in a private network. */
  send: Send
  /** Where the source receives, on the host that this request came to. */
  ingestUrl: (sourceId: SourceId, requestUrl: string) => string
  /** Undefined: there is no provider of that name. */
  knownProvider: (slug: string) => KnownProvider | undefined
  /** The rules of subscriptions: what is wrong with them, and what they make of an event. */
  rules: {
    faultsOf: (rules: Pick<Subscription, 'filter' | 'transform' | 'balance'>) => FieldError[]
    tryOut: (subscription: Subscription, event: Event) => Promise<unknown>
  }
  /** Routes what the subscription holds, now that it was changed: some at once, the rest with the sweep. */
  subscriptionFixed: (of: { tenantId: TenantId; subscriptionId: SubscriptionId }) => Promise<void>
  /** An error that the caller sees only as `internal`. */
  reportError: (error: unknown, requestId: string) => void
}
