import type { Bytes } from '../model/bytes.ts'
import type { RequestSettings } from '../model/delivery-request.ts'
import type { Event, EventHead } from '../model/event.ts'
import type { HeaderPair } from '../model/request.ts'
import { madeHeaders, madeUrl } from './made.ts'
import { isRaw, payloadOf, type Payload } from './payload.ts'

export const USER_AGENT = 'Hookway/0.1 (+https://hookway.dev/docs/deliveries)'

/** Of the original request: not forwarded, since they belong to one connection, to our platform or to our door. */
const DROPPED =
  /^(host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|content-length|content-type|content-encoding|accept|accept-encoding|authorization|proxy-.*|cookie|cf-.*|cdn-loop|x-forwarded-.*|x-real-ip|true-client-ip|forwarded|user-agent|webhook-(id|timestamp|signature)|hookway-.*|x-webhook-signature(-previous)?|mf-.*)$/

/** Fetch sends no body with the first; the second may have one, but many servers refuse it (RFC 9110 9.3.5). */
const WITHOUT_BODY = new Set(['GET', 'DELETE'])

export interface Prepared {
  method: string
  url: string
  /** Names in lower case, each once but for those of the original request. */
  headers: HeaderPair[]
  /** Undefined: the method has none. */
  body: Bytes | undefined
}

/** The request of a delivery as its receiver is to read it; encoding, signature and authorisation come after. */
export function prepare({
  event,
  body,
  url,
  settings,
  attempt,
  batch,
}: {
  event: Event
  /** The event's, already fetched if it was stored apart. */
  body: Bytes
  url: string
  settings: RequestSettings
  attempt: number
  /** The event stands for several. */
  batch?: { payload: Payload | undefined; headers: HeaderPair[] }
}): Prepared {
  const { head } = event
  const { made } = head
  const method = made?.method ?? settings.method
  const hasBody = !WITHOUT_BODY.has(method)
  const headers: HeaderPair[] = isRaw(settings, head)
    ? (head.headers ?? []).filter(([name]) => !DROPPED.test(name))
    : []
  const payload = batch?.payload ?? payloadOf(settings, event, body)
  for (const [name, value] of payload.headers) {
    if (hasBody || !name.startsWith('content-')) setHeader(headers, name, value)
  }
  setHeader(headers, 'user-agent', USER_AGENT)
  setHeader(headers, 'hookway-attempt', String(attempt))
  for (const [name, value] of batch?.headers ?? namesOf(head)) setHeader(headers, name, asHeaderValue(value))
  for (const [name, value] of Object.entries(settings.headers)) setHeader(headers, name, value)
  return {
    method,
    url: made ? madeUrl(url, made) : url,
    headers: made ? madeHeaders(headers, made) : headers,
    body: hasBody ? payload.body : undefined,
  }
}

function namesOf({ id, type, sourceId }: EventHead): HeaderPair[] {
  return [
    ['hookway-event-id', id],
    ['hookway-event-type', type],
    ['hookway-source', sourceId ?? 'publish'],
  ]
}

/** Replaces what there was under the name: two values of one header would be read as a list. */
export function setHeader(headers: HeaderPair[], name: string, value: string): void {
  const lower = name.toLowerCase()
  const others = headers.filter(([each]) => each !== lower)
  headers.splice(0, headers.length, ...others, [lower, value])
}

/** Header values are visible ASCII; an event type from a payload may be anything. */
function asHeaderValue(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?')
}
