import type { AttemptRecord } from '../model/delivery-log.ts'

/**
 * A delivery's attempts are one JSON column, and a D1 row ends at 2 MB. These sum to about 1.5 MB: the first tries
 * are kept whole, those of a long schedule or of many replays shorter. Beyond the last only the count goes on.
 */
const BUDGETS = [
  { upTo: 20, bytes: 24_000 },
  { upTo: 100, bytes: 8_000 },
  { upTo: 500, bytes: 1_000 },
]

/** The attempt as its number's budget allows it: whole, with less of the response, without headers, or not at all. */
export function fitAttempt(number: number, attempt: AttemptRecord): AttemptRecord | undefined {
  const budget = BUDGETS.find((each) => number <= each.upTo)
  if (!budget) return undefined
  if (sizeOf(attempt) <= budget.bytes) return attempt
  const { responseBody = '', responseHeaders: _, ...bare } = attempt
  const shorter = [
    { ...attempt, responseBody: responseBody.slice(0, budget.bytes / 4), responseTruncated: true },
    { ...attempt, responseBody: '', responseTruncated: true },
  ]
  const smallest = {
    ...bare,
    url: bare.url.slice(0, 200),
    requestHeaders: [],
    error: (bare.error ?? '').slice(0, 100),
    responseTruncated: true,
  }
  return shorter.find((each) => sizeOf(each) <= budget.bytes) ?? smallest
}

/** In bytes as JSON: control characters and non-ASCII text weigh more than their length. */
function sizeOf(attempt: AttemptRecord): number {
  return new TextEncoder().encode(JSON.stringify(attempt)).byteLength
}
