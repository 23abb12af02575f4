import { utf8 } from './bytes.ts'
import type { AttemptRecord, DeliveryRow, EventRow } from './delivery-log.ts'

/** The attempt in at most so many bytes of JSON: whole, with less of the response, or without headers (some 600 bytes). */
export function shrinkAttempt(attempt: AttemptRecord, bytesMax: number): AttemptRecord {
  if (attemptBytesMax(attempt) <= bytesMax || jsonBytes(attempt) <= bytesMax) return attempt
  const { responseBody = '', responseHeaders: _, ...bare } = attempt
  const shorter = [
    { ...attempt, responseBody: responseBody.slice(0, bytesMax / 4), responseTruncated: true },
    { ...attempt, responseBody: '', responseTruncated: true },
  ]
  const smallest = {
    ...bare,
    url: bare.url.slice(0, 200),
    requestHeaders: [],
    error: (bare.error ?? '').slice(0, 100),
    responseTruncated: true,
  }
  return shorter.find((each) => jsonBytes(each) <= bytesMax) ?? smallest
}

/** What a row weighs at most as JSON. Made for every delivery, so it counts instead of writing the JSON. */
export function rowBytesMax(row: DeliveryRow): number {
  let bytes = ROW_BYTES + textBytesMax(row.eventType) + textBytesMax(row.error ?? '')
  for (const attempt of Object.values(row.attemptLog)) bytes += attemptBytesMax(attempt)
  return bytes
}

/** As `rowBytesMax`. */
export function eventBytesMax(event: EventRow): number {
  const { type, providerEventId, entityType, entityId, contentType, bodyKey, country, orderingKey, pointer } =
    event
  const texts = [type, providerEventId, entityType, entityId, contentType, bodyKey, country, orderingKey]
  return texts.reduce(
    (bytes, each) => bytes + textBytesMax(each ?? ''),
    EVENT_BYTES + textBytesMax(pointer.intake),
  )
}

/** As JSON in UTF-8: control characters and non-ASCII text weigh more than their length. */
export function jsonBytes(value: unknown): number {
  return utf8(JSON.stringify(value)).byteLength
}

/** The names of all members, numbers, ids and words of ours. */
const ATTEMPT_BYTES = 260
const BATCH_BYTES = 120
const ROW_BYTES = 480
const EVENT_BYTES = 480
/** Quotes, brackets and commas. */
const PAIR_BYTES = 8
/** What JSON writes as it is, in one byte. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

function attemptBytesMax({
  batch,
  url,
  requestHeaders,
  responseHeaders = [],
  responseBody = '',
  error = '',
}: AttemptRecord): number {
  let bytes =
    ATTEMPT_BYTES +
    (batch ? BATCH_BYTES : 0) +
    textBytesMax(url) +
    textBytesMax(responseBody) +
    textBytesMax(error)
  for (const headers of [requestHeaders, responseHeaders]) {
    for (const [name, value] of headers) bytes += PAIR_BYTES + textBytesMax(name) + textBytesMax(value)
  }
  return bytes
}

/** A control character is six bytes (`\\u0000`), no other character has more. */
function textBytesMax(text: string): number {
  return PLAIN.test(text) ? text.length : text.length * 6
}
