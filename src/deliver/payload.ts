import { text, toBase64, textExact, utf8, type Bytes } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import type { RequestSettings } from '../model/delivery-request.ts'
import { readableBody, type Event, type EventHead } from '../model/event.ts'
import type { HeaderPair } from '../model/request.ts'
import { toForm, toXml } from './document.ts'

/** The form of `data` and of the metadata, so that receivers can tell a later one. */
const ENVELOPE_VERSION = '1'

export interface Payload {
  /** `content-type` among them. */
  headers: HeaderPair[]
  body: Bytes
}

/** Whether a delivery of this event carries the body as it was received. */
export function isRaw(settings: RequestSettings, { sourceId, made }: EventHead): boolean {
  const { payload, contentType } = settings
  // A transformation's body is what the receiver is to get, not the data of an envelope.
  const isWhole = sourceId !== null || made?.hasBody === true
  return payload === null ? contentType === null && isWhole : payload === 'raw'
}

/** What the receiver gets for an event, in the form and the content type that the endpoint asks for. */
export function payloadOf(settings: RequestSettings, { head }: Event, received: Bytes): Payload {
  if (isRaw(settings, head)) return { headers: rawHeaders(head), body: received }
  const body = readableBody(head, received)
  const { contentType } = settings
  if (contentType === 'cloudevents-binary') return binaryCloudEvent(head, body)
  if (contentType === 'application/cloudevents+json') {
    return typed(`${contentType}; charset=utf-8`, cloudEvent(head, body))
  }
  const json = settings.payload === 'envelope' ? envelope(head, body) : standard(head, body)
  if (contentType === 'application/x-ndjson') return typed(contentType, oneLine(json))
  if (contentType === 'application/x-www-form-urlencoded') return typed(contentType, toForm(json))
  if (contentType === 'application/xml') return typed(`${contentType}; charset=utf-8`, toXml(json))
  return typed('application/json', json)
}

export function typed(contentType: string, body: string): Payload {
  return { headers: [['content-type', contentType]], body: utf8(body) }
}

/** A compressed request was kept compressed, so it still needs the header that says so. */
function rawHeaders({ contentType, headers = [] }: EventHead): HeaderPair[] {
  const encoding = headers.find(([name]) => name === 'content-encoding')
  return [['content-type', contentType], ...(encoding ? [encoding] : [])]
}

export function standard(head: EventHead, body: Bytes): string {
  return `{"type":${JSON.stringify(head.type)},"timestamp":${timeOf(head)},"data":${dataJson(body)}}`
}

export function envelope(head: EventHead, body: Bytes): string {
  const { id, type, tenantId } = head
  const metadata = { version: ENVELOPE_VERSION, environment: 'production', ...head.metadata }
  return (
    `{"eventId":${JSON.stringify(id)},"eventType":${JSON.stringify(type)},"timestamp":${timeOf(head)},` +
    `"tenantId":${JSON.stringify(tenantId)},"data":${dataJson(body)},"metadata":${JSON.stringify(metadata)}}`
  )
}

/** CloudEvents 1.0.2, JSON format: the whole event is the body (HTTP binding 3.2, structured mode). */
export function cloudEvent(head: EventHead, body: Bytes): string {
  const attributes = JSON.stringify({ ...attributesOf(head), datacontenttype: head.contentType })
  return `${attributes.slice(0, -1)},${dataMember(head, body)}}`
}

/** JSON format 3.1: JSON as it is, other text as a string, anything else in base64. */
function dataMember({ contentType }: EventHead, body: Bytes): string {
  const raw = textExact(body)
  if (raw === undefined) return `"data_base64":"${toBase64(body)}"`
  const isJson = /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
  return `"data":${isJson ? dataJson(body) : JSON.stringify(raw)}`
}

/** HTTP binding 3.1, binary mode: the attributes are headers, the body is the event's own. */
function binaryCloudEvent(head: EventHead, body: Bytes): Payload {
  const headers = Object.entries(attributesOf(head)).map(([name, value]): HeaderPair => [
    `ce-${name}`,
    percentEncoded(value),
  ])
  return { headers: [...headers, ...rawHeaders(head)], body }
}

function attributesOf(head: EventHead): Record<string, string> {
  return {
    specversion: '1.0',
    id: head.id,
    source: head.sourceId === null ? '/publish' : `/sources/${head.sourceId}`,
    type: head.type,
    time: isoTime(head.occurredAt ?? head.receivedAt),
  }
}

/** HTTP binding 3.1.3.2: space, quotation mark, percent sign and whatever is not printable ASCII, as UTF-8. */
function percentEncoded(value: string): string {
  return value.toWellFormed().replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, (char) => encodeURIComponent(char))
}

/** JSON on one line of its own. A break in it stands between values: in a string it would be escaped. */
export function oneLine(json: string): string {
  return `${json.replaceAll(/[\r\n]+/g, ' ')}\n`
}

function timeOf(head: EventHead): string {
  return JSON.stringify(isoTime(head.occurredAt ?? head.receivedAt))
}

/** The body as JSON: itself when it is JSON (its text unchanged, so numbers keep their digits), else as a string. */
export function dataJson(body: Bytes): string {
  const raw = text(body)
  try {
    JSON.parse(raw)
    return raw
  } catch {
    return JSON.stringify(raw)
  }
}
