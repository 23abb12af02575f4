import type { AcceptBatch, AcceptItem } from '../model/accept.ts'
import type { EventRow } from '../model/delivery-log.ts'
import { decodeEvent, packRecords, unpackRecords, type EventHead } from '../model/event.ts'
import type { EndpointId } from '../model/id.ts'
import type { HandOver } from '../model/intake.ts'
import { match, type EndpointFilter, type RoutingTable } from './match.ts'
import { keyOfDecision, type Decisions } from './sift.ts'

/** One call to an endpoint object carries at most this much, so that it fits one row there. */
const BATCH_BYTES_MAX = 1_500_000
const BATCH_ITEMS_MAX = 4_000

export interface Plan {
  /** For each endpoint its batches in order. */
  batches: Map<EndpointId, AcceptBatch[]>
  /** Events that no subscription wants: logged here, since no endpoint will. */
  unmatched: EventRow[]
}

interface Draft {
  items: AcceptItem[]
  records: Uint8Array[]
  bytes: number
  lastRecord: Uint8Array | undefined
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
  const plan: Plan = { batches: new Map(), unmatched: [] }
  const versions = new Map<EndpointId, number>()
  const drafts = new Map<EndpointId, Draft[]>()
  for (const { segment, records } of handOver.segments) {
    for (const [index, record] of unpackRecords(records).entries()) {
      const { head } = decodeEvent(record)
      const wanted = match(table, head)
      let isTaken = false
      for (const routed of wanted) {
        const { endpointId: firstEndpointId, id: subscriptionId } = routed.subscription
        if (only && !only.has(firstEndpointId)) continue
        const decision = decisions?.get(keyOfDecision(segment, index, subscriptionId))
        if (decision && decision.kind !== 'deliver') continue
        isTaken = true
        const { endpointId, endpointVersion } = decision ?? {
          endpointId: firstEndpointId,
          endpointVersion: routed.endpointVersion,
        }
        versions.set(endpointId, endpointVersion)
        const draft = draftFor(drafts, endpointId, decision?.record ?? record)
        draft.items.push({
          segment,
          index,
          eventId: head.id,
          subscriptionId,
          record: draft.records.length - 1,
        })
      }
      if (!isTaken && !only) plan.unmatched.push(eventRow(head, { intake: handOver.intake, segment, index }))
    }
  }
  const { intake, tenantId } = handOver
  for (const [endpointId, list] of drafts) {
    const endpointVersion = versions.get(endpointId) ?? 0
    const batches = list.map(({ items, records }) => ({ items, records: packRecords(records) }))
    plan.batches.set(
      endpointId,
      batches.map((batch) => ({ tenantId, endpointId, endpointVersion, intake, ...batch })),
    )
  }
  return plan
}

/** The summary of an event that the log keeps. */
export function eventRow(head: EventHead, pointer: EventRow['pointer']): EventRow {
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
    contentType: head.contentType,
    bodyBytes: head.bodyBytes,
    bodyKey: head.bodyKey ?? null,
    pointer,
  }
}

/** The draft that takes the record, which is in it afterwards as its last. */
function draftFor(drafts: Map<EndpointId, Draft[]>, endpointId: EndpointId, record: Uint8Array): Draft {
  const list = drafts.get(endpointId) ?? []
  drafts.set(endpointId, list)
  let draft = list.at(-1)
  if (draft?.lastRecord === record && draft.items.length < BATCH_ITEMS_MAX) return draft
  const isFull =
    draft !== undefined &&
    (draft.bytes + record.byteLength > BATCH_BYTES_MAX || draft.items.length >= BATCH_ITEMS_MAX)
  if (draft === undefined || isFull) {
    draft = { items: [], records: [], bytes: 0, lastRecord: undefined }
    list.push(draft)
  }
  draft.records.push(record)
  draft.bytes += record.byteLength
  draft.lastRecord = record
  return draft
}
