import { utf8 } from './bytes.ts'
import type { AttemptRecord } from './delivery-log.ts'

/** The attempt in at most so many bytes of JSON: whole, with less of the response, or without headers (some 600 bytes). */
export function shrinkAttempt(attempt: AttemptRecord, bytesMax: number): AttemptRecord {
  if (jsonBytes(attempt) <= bytesMax) return attempt
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

/** As JSON in UTF-8: control characters and non-ASCII text weigh more than their length. */
export function jsonBytes(value: unknown): number {
  return utf8(JSON.stringify(value)).byteLength
}
