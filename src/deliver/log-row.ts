import type { Outcome } from '../model/attempt.ts'
import { shrinkAttempt } from '../model/attempt-size.ts'
import type { AttemptRecord, DeliveryRow, EventRow } from '../model/delivery-log.ts'
import type { DeliveryState } from '../model/delivery.ts'
import type { EndpointId } from '../model/id.ts'
import type { StoredDelivery } from './store.ts'

/**
 * A row must fit a queue message (128,000 bytes) with all that it carries: attempts that D1 has not confirmed go along
 * with the newest, the last two as D1 would keep them, those before without bodies and in what room is left.
 */
const WHOLE_ATTEMPTS_MAX = 2
const WHOLE_BYTES_MAX = 24_000
const OLDER_BYTES_MAX = 50_000

/** What the log says of a delivery now. `version` orders rows: a later state always has a higher one. */
export function deliveryRow({
  delivery,
  endpointId,
  state,
  outcome,
  record,
  carried,
  isByHand = false,
  dueAt = null,
}: {
  delivery: StoredDelivery
  endpointId: EndpointId
  state: DeliveryState
  outcome?: Outcome
  record?: AttemptRecord
  /** The row of an earlier attempt that is not known to be in D1. */
  carried?: Pick<DeliveryRow, 'attemptLog'> | undefined
  /** A person asked for this state: it follows even an end. */
  isByHand?: boolean
  /** When it is tried at the earliest, if the state does not say. */
  dueAt?: number | null
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
    nextAttemptAt: state.status === 'retrying' ? state.dueAt : dueAt,
    version: versionOf(state, isByHand || isAgain(state, delivery)),
    attemptLog: fitMessage(log),
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
    orderingKey: head.orderingKey ?? null,
    contentType,
    bodyBytes,
    bodyKey: bodyKey ?? null,
    country: head.metadata.country ?? null,
    pointer,
  }
}

/** Handed over once more after it had ended, and not tried since. */
function isAgain({ attempts }: DeliveryState, { triedBefore }: StoredDelivery): boolean {
  return triedBefore > 0 && attempts === triedBefore
}

function versionOf(state: DeliveryState, isLater: boolean): number {
  const rank = { pending: 0, sending: 0, held: 1, retrying: 2, delivered: 3, dead: 3, cancelled: 3 }[
    state.status
  ]
  return state.attempts * 8 + rank + (isLater ? 4 : 0)
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

function fitMessage(log: Record<string, AttemptRecord>): Record<string, AttemptRecord> {
  const attempts = Object.entries(log)
  const olderCount = attempts.length - WHOLE_ATTEMPTS_MAX
  const fitted = attempts.map(([number, record], at): [string, AttemptRecord] => {
    if (at >= olderCount) return [number, shrinkAttempt(record, WHOLE_BYTES_MAX)]
    const { responseBody: _, ...rest } = record
    return [number, shrinkAttempt({ ...rest, responseTruncated: true }, OLDER_BYTES_MAX / olderCount)]
  })
  return Object.fromEntries(fitted)
}
