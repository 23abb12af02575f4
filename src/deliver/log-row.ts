import type { Outcome } from '../model/attempt.ts'
import type { AttemptRecord, DeliveryRow, EventRow } from '../model/delivery-log.ts'
import type { DeliveryState } from '../model/delivery.ts'
import type { EndpointId } from '../model/id.ts'
import type { StoredDelivery } from './store.ts'

/** Attempts that D1 has not confirmed are carried along; beyond this many their bodies are left out, to fit a queue message. */
const BODIES_CARRIED_MAX = 2

/** What the log says of a delivery now. `version` orders rows: a later state always has a higher one. */
export function deliveryRow({
  delivery,
  endpointId,
  state,
  outcome,
  record,
  carried,
}: {
  delivery: StoredDelivery
  endpointId: EndpointId
  state: DeliveryState
  outcome?: Outcome
  record?: AttemptRecord
  /** The row of an earlier attempt that is not known to be in D1. */
  carried?: DeliveryRow | undefined
}): DeliveryRow {
  const { head } = delivery.event
  const log = { ...carried?.attemptLog, ...(record ? { [String(state.attempts)]: record } : {}) }
  return {
    id: delivery.id,
    tenantId: head.tenantId,
    eventId: head.id,
    eventType: head.type,
    sourceId: head.sourceId,
    endpointId,
    subscriptionId: delivery.subscriptionId,
    status: state.status === 'sending' ? 'pending' : state.status,
    attempts: state.attempts,
    statusCode: outcome && 'statusCode' in outcome ? (outcome.statusCode ?? null) : null,
    error: errorOf(state, outcome, record),
    durationMs: record?.durationMs ?? null,
    lastAttemptAt: record?.at ?? null,
    nextAttemptAt: state.status === 'retrying' ? state.dueAt : null,
    version: versionOf(state),
    attemptLog: withFewerBodies(log),
  }
}

export function eventRowOf({ event: { head }, pointer }: StoredDelivery): EventRow {
  // The log shows the event as it came, whatever a subscription made of it.
  const { type, contentType, bodyBytes, bodyKey } = head.made?.from ?? head
  return {
    id: head.id,
    tenantId: head.tenantId,
    sourceId: head.sourceId,
    type,
    receivedAt: head.receivedAt,
    occurredAt: head.occurredAt ?? null,
    providerEventId: head.providerEventId ?? null,
    entityType: head.entityType ?? null,
    entityId: head.entityId ?? null,
    contentType,
    bodyBytes,
    bodyKey: bodyKey ?? null,
    pointer,
  }
}

function versionOf(state: DeliveryState): number {
  const rank = { pending: 0, sending: 0, held: 1, retrying: 2, delivered: 3, dead: 3, cancelled: 3 }[
    state.status
  ]
  return state.attempts * 4 + rank
}

function errorOf(
  state: DeliveryState,
  outcome: Outcome | undefined,
  record: AttemptRecord | undefined,
): string | null {
  if (outcome === undefined || outcome.kind === 'delivered') return null
  const said =
    record?.error ?? ('statusCode' in outcome ? `The receiver answered ${outcome.statusCode}.` : '')
  const why =
    state.status === 'dead' && state.reason === 'exhausted' ? `exhausted: ${outcome.reason}` : outcome.reason
  return said === '' ? why : `${why}: ${said}`
}

function withFewerBodies(log: Record<string, AttemptRecord>): Record<string, AttemptRecord> {
  const numbers = Object.keys(log)
  if (numbers.length <= BODIES_CARRIED_MAX) return log
  const light = Object.entries(log).map(([number, record], at): [string, AttemptRecord] => {
    if (at >= numbers.length - BODIES_CARRIED_MAX) return [number, record]
    const { responseBody: _, ...rest } = record
    return [number, { ...rest, responseTruncated: true }]
  })
  return Object.fromEntries(light)
}
