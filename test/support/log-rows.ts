import type { DeliveryRow, EventRow, LogMessage } from '../../src/model/delivery-log.ts'
import { deliveryIdOf, newId, type EventId } from '../../src/model/id.ts'

/** Rows of the log, received on the first of January 2026. */
export const START = Date.UTC(2026, 0, 1)
export const SOURCE = 'src_01K00000000000000000000000'
export const ENDPOINT = 'ep_01K00000000000000000000000'

export function eventRow(ms: number, more: Partial<EventRow> = {}): EventRow {
  return {
    id: newId('evt', START + ms),
    tenantId: 'default',
    sourceId: SOURCE,
    type: 'push',
    receivedAt: START + ms,
    occurredAt: null,
    providerEventId: null,
    entityType: null,
    entityId: null,
    contentType: 'application/json',
    bodyBytes: 11,
    bodyKey: null,
    pointer: { intake: 'i', segment: 1, index: 0 },
    ...more,
  }
}

export function deliveryRow(eventId: EventId, more: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id: deliveryIdOf(eventId, more.subscriptionId ?? newId('sub', 0)),
    tenantId: 'default',
    eventId,
    eventType: 'push',
    sourceId: SOURCE,
    endpointId: ENDPOINT,
    subscriptionId: 'sub_01K00000000000000000000000',
    status: 'delivered',
    attempts: 1,
    statusCode: 200,
    error: null,
    durationMs: 12,
    lastAttemptAt: START,
    nextAttemptAt: null,
    version: 1,
    attemptLog: {},
    ...more,
  }
}

/** As an endpoint's object sends it. */
export const deliveriesMessage = (events: EventRow[], rows: DeliveryRow[]): LogMessage => ({
  kind: 'deliveries',
  object: 'o',
  receipt: 1,
  events,
  rows,
})
