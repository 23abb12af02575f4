import { utf8 } from '../../src/model/bytes.ts'
import { encodeEvent, packRecords, type EventHead } from '../../src/model/event.ts'
import { newId, type EndpointId, type SubscriptionId } from '../../src/model/id.ts'
import type { AppendItem, HandOver } from '../../src/model/intake.ts'
import type { RoutedSubscription } from '../../src/route/match.ts'

export const NOW = Date.UTC(2026, 10, 22)

export function eventHead(more: Partial<EventHead> = {}): EventHead {
  return {
    id: newId('evt', more.receivedAt ?? NOW),
    tenantId: 'default',
    sourceId: null,
    type: 'test.happened',
    receivedAt: NOW,
    contentType: 'application/json',
    metadata: {},
    bodyBytes: 2,
    ...more,
  }
}

export function record(more: Partial<EventHead> = {}, body = '{}'): Uint8Array {
  return encodeEvent({ head: eventHead(more), body: utf8(body) })
}

/** What the intake is given for one event; the same key makes a repeat. */
export function appendItem(key: string | null, more: Partial<AppendItem> = {}): AppendItem {
  const id = newId('evt', NOW)
  return { id, record: record({ id }), key, windowMs: 60_000, ...more }
}

/** Segments of events of these types, numbered from 1. */
export function handOver(...segments: string[][]): HandOver {
  return {
    intake: 'default/src_a/weur',
    tenantId: 'default',
    sourceId: 'src_a',
    segments: segments.map((types, at) => ({
      segment: at + 1,
      records: packRecords(types.map((type) => record({ type, sourceId: 'src_a' }))),
    })),
  }
}

/** A subscription of endpoint `ep_NAME`; ids are short, since nothing reads them. */
export function subscribed(
  name: string,
  more: Partial<RoutedSubscription['subscription']> = {},
  endpoint: Partial<RoutedSubscription['endpoint']> = {},
): RoutedSubscription {
  return {
    endpointVersion: 1,
    endpoint: { ordering: 'none', orderingKey: null, concurrency: 6, ...endpoint },
    subscription: {
      id: `sub_${name}` as SubscriptionId,
      tenantId: 'default',
      endpointId: `ep_${name}` as EndpointId,
      sourceIds: [],
      eventTypes: [],
      priority: 'normal',
      state: 'active',
      createdAt: 0,
      ...more,
    },
  }
}
