import { text, utf8, type Bytes } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import { madeHeaders } from './made.ts'
import type { HeaderPair } from '../model/request.ts'

/** The form of `data` and of the metadata, so that receivers can tell a later one. */
const ENVELOPE_VERSION = '1'
export const USER_AGENT = 'Hookway/0.1 (+https://hookway.dev/docs/deliveries)'

/** Of the original request: not forwarded, since they belong to one connection, to our platform or to our door. */
const DROPPED =
  /^(host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|content-length|content-type|accept|accept-encoding|authorization|proxy-.*|cookie|cf-.*|cdn-loop|x-forwarded-.*|x-real-ip|true-client-ip|forwarded|user-agent|webhook-(id|timestamp|signature)|hookway-.*|x-webhook-signature|mf-.*)$/

export interface Prepared {
  method: string
  headers: HeaderPair[]
  body: Bytes
}

/** The request of a delivery but for its signature. `body` is the event's, already fetched if it was stored apart. */
export function prepare({
  event,
  body,
  settings,
  attempt,
}: {
  event: Event
  body: Bytes
  settings: EndpointSettings
  attempt: number
}): Prepared {
  const { head } = event
  const form = settings.payload ?? (head.sourceId === null && !head.made?.hasBody ? 'standard' : 'raw')
  const headers: HeaderPair[] =
    form === 'raw' ? (head.headers ?? []).filter(([name]) => !DROPPED.test(name)) : []
  headers.push(['content-type', form === 'raw' ? head.contentType : 'application/json'])
  headers.push(['user-agent', USER_AGENT])
  headers.push(['hookway-event-id', head.id], ['hookway-event-type', asHeaderValue(head.type)])
  headers.push(['hookway-attempt', String(attempt)], ['hookway-source', head.sourceId ?? 'publish'])
  for (const [name, value] of Object.entries(settings.headers)) headers.push([name.toLowerCase(), value])
  const { made } = head
  return {
    method: made?.method ?? settings.method,
    headers: made ? madeHeaders(headers, made) : headers,
    body: payload(form, event, body),
  }
}

function payload(form: 'raw' | 'envelope' | 'standard', { head }: Event, body: Bytes): Bytes {
  const timestamp = JSON.stringify(isoTime(head.occurredAt ?? head.receivedAt))
  const type = JSON.stringify(head.type)
  if (form === 'raw') return body
  if (form === 'standard') return utf8(`{"type":${type},"timestamp":${timestamp},"data":${dataJson(body)}}`)
  const metadata = { version: ENVELOPE_VERSION, environment: 'production', ...head.metadata }
  return utf8(
    `{"eventId":${JSON.stringify(head.id)},"eventType":${type},"timestamp":${timestamp},` +
      `"tenantId":${JSON.stringify(head.tenantId)},"data":${dataJson(body)},"metadata":${JSON.stringify(metadata)}}`,
  )
}

/** The body as JSON: itself when it is JSON (its text unchanged, so numbers keep their digits), else as a string. */
function dataJson(body: Bytes): string {
  const raw = text(body)
  try {
    JSON.parse(raw)
    return raw
  } catch {
    return JSON.stringify(raw)
  }
}

/** Header values are visible ASCII; an event type from a payload may be anything. */
function asHeaderValue(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?')
}
