import type { AcceptBatch } from '../model/accept.ts'
import type { AggregateSettings, Aggregation } from '../model/batch.ts'
import type { EventPointer, EventRow } from '../model/delivery-log.ts'
import { decodeEvent, unpackRecords, type Event, type EventHead } from '../model/event.ts'
import type { EndpointId, TenantId } from '../model/id.ts'
import type { HandOver } from '../model/intake.ts'
import { readPlace } from '../model/place.ts'
import { objectFor } from '../model/shard.ts'
import { Drafts, type BatchHead } from './drafts.ts'
import { match, type EndpointFilter, type RoutedSubscription, type RoutingTable } from './match.ts'
import { keyOfDecision, type Decisions } from './sift.ts'

export interface Plan {
  /** For each endpoint object its batches in order. */
  batches: Map<string, AcceptBatch[]>
  /** Events that no subscription wants: logged here, since no endpoint will. */
  unmatched: EventRow[]
}

/**
 * Decides who gets what. Pure: the same hand-over, table and decisions give the same plan. `decisions` says what the
 * rules of subscriptions made of their events; without one a subscription gets the event as it is.
 */
export function planRoutes(
  handOver: HandOver,
  table: RoutingTable,
  only?: EndpointFilter,
  decisions?: Decisions,
): Plan {
  const { intake, tenantId } = handOver
  const drafts = new Drafts()
  const unmatched: EventRow[] = []
  for (const { segment, records } of handOver.segments) {
    for (const [index, record] of unpackRecords(records).entries()) {
      const event = decodeEvent(record)
      const pointer = { intake, segment, index }
      let isTaken = false
      for (const routed of match(table, event.head)) {
        const { id, endpointId } = routed.subscription
        if (only && !only.has(endpointId)) continue
        const decision = decisions?.get(keyOfDecision(segment, index, id))
        if (decision && decision.kind !== 'deliver') continue
        isTaken = true
        draft(drafts, { tenantId, pointer, event, record, routed, ...decision?.made })
      }
      if (!isTaken && !only) unmatched.push(eventRow(event.head, pointer))
    }
  }
  return { batches: drafts.batches(), unmatched }
}

export interface Routed {
  tenantId: TenantId
  pointer: EventPointer
  event: Event
  record: Uint8Array
  routed: RoutedSubscription
}

/** Gives one event to one subscription's endpoint. */
export function draft(
  drafts: Drafts,
  { tenantId, pointer, event, record, routed }: Routed,
  { triedBefore, ...more }: Pick<BatchHead, 'origin' | 'class'> & { triedBefore?: number } = {},
): void {
  const { subscription, endpointVersion, endpoint } = routed
  const { endpointId, id: subscriptionId } = subscription
  const { intake, segment, index } = pointer
  const { priority, aggregate } = subscription
  // A class of its own would let an event pass the one before it.
  const live = priority === 'normal' || endpoint.ordering !== 'none' ? {} : { class: priority }
  const head = { tenantId, endpointId, endpointVersion, intake, ...live, ...more }
  const { id: eventId, deliverAt } = event.head
  const group = aggregate ? aggregationOf(aggregate, event) : undefined
  const item = {
    segment,
    index,
    eventId,
    subscriptionId,
    ...timing({ deliverAt, triedBefore, ...more }),
    ...(group && { aggregate: group }),
  }
  const aggregatedBy = group && `${subscriptionId} ${group[0]}`
  drafts.add(objectFor(endpointId, endpoint, { event, aggregatedBy }), head, item, record)
}

/** A body that is stored apart is not read for its key: what has one goes alone. */
function aggregationOf({ key, maxEvents, maxSeconds }: AggregateSettings, event: Event): Aggregation {
  return [key === null ? null : (readPlace(key, event) ?? null), maxEvents, maxSeconds]
}

/** What is asked for once more is wanted now. */
function timing(item: { deliverAt: number | undefined; triedBefore: number | undefined; origin?: string }) {
  const { deliverAt, triedBefore, origin } = item
  return {
    ...(triedBefore !== undefined && { triedBefore }),
    ...(deliverAt !== undefined && origin === undefined && { deliverAt }),
  }
}

/** The endpoints that a plan reaches. */
export function endpointsOf({ batches }: Plan): EndpointId[] {
  return [...new Set([...batches.values()].flatMap((list) => list.map(({ endpointId }) => endpointId)))]
}

/** The summary of an event that the log keeps. */
export function eventRow(head: EventHead, pointer: EventPointer): EventRow {
  return {
    id: head.id,
    tenantId: head.tenantId,
    sourceId: head.sourceId,
    type: head.type,
    receivedAt: head.receivedAt,
    occurredAt: head.occurredAt ?? null,
    providerEventId: head.providerEventId ?? null,
    entityType: head.entityType ?? null,
    entityId: head.entityId ?? null,
    orderingKey: head.orderingKey ?? null,
    contentType: head.contentType,
    bodyBytes: head.bodyBytes,
    bodyKey: head.bodyKey ?? null,
    country: head.metadata.country ?? null,
    pointer,
  }
}
