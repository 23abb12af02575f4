import { utf8, type Bytes } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import type { RequestSettings } from '../model/delivery-request.ts'
import { readableBody, type Event, type EventHead } from '../model/event.ts'
import type { BatchId, DeliveryId, EventId } from '../model/id.ts'
import type { HeaderPair } from '../model/request.ts'
import { toForm, toXml } from './document.ts'
import { isErased } from './erased.ts'
import { cloudEvent, dataJson, envelope, oneLine, standard, typed, type Payload } from './payload.ts'

/** Deliveries that go in one request. */
export interface Composed {
  id: BatchId
  items: { id: DeliveryId; event: Event }[]
  /** Set: they are one delivery, of the events with this value at the key. */
  key?: string | null
}

/** What the receiver gets for them. */
export interface Composition {
  /** Stands for them where one event is asked for: in the URL, the method and the headers. */
  event: Event
  settings: RequestSettings
  /** Undefined: that of the event, like that of any other. */
  payload: Payload | undefined
  /** In the place of those that name one event. */
  headers: HeaderPair[]
}

/** `body`: of the first, already fetched if it was stored apart; such a one is alone. What was erased does not go. */
export function compose(batch: Composed, settings: RequestSettings, body: Bytes): Composition {
  const items = batch.items
    .map((item, at) => (at === 0 ? { ...item, event: { ...item.event, body } } : item))
    .filter((item) => !isErased(item))
  const common = commonOf(items)
  const headers: HeaderPair[] = [['hookway-batch-size', String(items.length)]]
  if (common.type !== undefined) headers.push(['hookway-event-type', common.type])
  if (common.sourceId !== undefined) headers.push(['hookway-source', common.sourceId ?? 'publish'])
  const event = standIn({ ...batch, items }, common)
  return batch.key === undefined
    ? { event, settings, headers, payload: batchPayload({ ...batch, items }, settings) }
    : {
        event,
        settings: { ...settings, payload: settings.payload ?? 'standard' },
        headers,
        payload: undefined,
      }
}

type Items = Composed['items']

/** What all of them have; undefined: they differ. */
function commonOf(items: Items): { type: string | undefined; sourceId: EventHead['sourceId'] | undefined } {
  const types = new Set(items.map(({ event }) => event.head.type))
  const sources = new Set(items.map(({ event }) => event.head.sourceId))
  return {
    type: types.size === 1 ? [...types][0] : undefined,
    sourceId: sources.size === 1 ? [...sources][0] : undefined,
  }
}

function standIn({ id, items, key }: Composed, { type, sourceId }: ReturnType<typeof commonOf>): Event {
  const [first, last] = [items[0]?.event.head, items.at(-1)?.event.head]
  const body = utf8(aggregateJson(items, key ?? null))
  const time = last?.occurredAt
  const head: EventHead = {
    // Where a receiver is told of an event, it is told of this one.
    id: id as string as EventId,
    tenantId: first?.tenantId ?? 'default',
    sourceId: sourceId ?? null,
    type: type ?? 'aggregate',
    receivedAt: last?.receivedAt ?? 0,
    ...(time !== undefined && { occurredAt: time }),
    contentType: 'application/json',
    metadata: {},
    // What was made for one event goes alone.
    ...(items.length === 1 && first?.made && { made: first.made }),
    bodyBytes: body.byteLength,
  }
  return { head, body }
}

function aggregateJson(items: Items, key: string | null): string {
  const times = items.map(({ event: { head } }) => isoTime(head.occurredAt ?? head.receivedAt))
  const facts = { key, count: items.length, first: times[0], last: times.at(-1) }
  return `${JSON.stringify(facts).slice(0, -1)},"events":[${items.map(item).join()}]}`
}

function batchPayload({ id, items }: Composed, { payload, contentType }: RequestSettings): Payload {
  if (contentType === 'application/cloudevents+json') {
    const list = items.map(({ event: { head, body } }) => cloudEvent(head, readableBody(head, body)))
    return typed('application/cloudevents-batch+json; charset=utf-8', `[${list.join()}]`)
  }
  const list = items.map(payload === 'envelope' ? enveloped : payload === 'raw' ? bare : item)
  switch (contentType) {
    case 'application/x-ndjson':
      return typed(contentType, list.map(oneLine).join(''))
    case 'application/x-www-form-urlencoded':
      return typed(contentType, toForm(`{"events":[${list.join()}]}`))
    case 'application/xml':
      return typed(`${contentType}; charset=utf-8`, toXml(`{"events":[${list.join()}]}`))
    default: {
      const json = `[${list.join()}]`
      return typed('application/json', payload === 'envelope' ? `{"batchId":"${id}","events":${json}}` : json)
    }
  }
}

function item({ id, event: { head, body } }: Items[number]): string {
  return `{"id":"${id}",${standard(head, readableBody(head, body)).slice(1)}`
}

function enveloped({ id, event: { head, body } }: Items[number]): string {
  return `{"id":"${id}",${envelope(head, readableBody(head, body)).slice(1)}`
}

function bare({ event }: Items[number]): string {
  return dataJson(event.body)
}
