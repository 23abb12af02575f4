import type { SourceSettings } from './source.ts'

export type RateLimit = NonNullable<SourceSettings['rateLimit']>

/** What a bucket says to one request. */
export interface RateVerdict {
  isAllowed: boolean
  /** Whole requests that are left. */
  remaining: number
  /** Until the bucket is full again or, for a refused request, until the next is allowed. */
  seconds: number
}

/**
 * A token bucket as one number, the time at which it will be full (GCRA): each request moves that time on by the share
 * of a request, and none may move it further ahead than the period. Returns the verdict and the new time.
 */
export function take(
  { limit, periodSeconds }: RateLimit,
  fullAt: number,
  now: number,
): { verdict: RateVerdict; fullAt: number } {
  const periodMs = periodSeconds * 1000
  const shareMs = periodMs / limit
  // A clock that went back must not lock anybody out for longer than a period.
  const before = Math.min(Math.max(fullAt, now), now + periodMs)
  const after = before + shareMs
  if (after - now > periodMs + 1e-6) {
    const seconds = Math.max(1, Math.ceil((after - now - periodMs) / 1000))
    return { verdict: { isAllowed: false, remaining: 0, seconds }, fullAt: before }
  }
  const remaining = Math.floor((periodMs - (after - now)) / shareMs + 1e-6)
  return {
    verdict: { isAllowed: true, remaining, seconds: Math.ceil((after - now) / 1000) },
    fullAt: after,
  }
}

/** As draft-ietf-httpapi-ratelimit-headers-10 writes them. */
export function rateHeaders(
  { limit, periodSeconds }: RateLimit,
  { remaining, seconds }: RateVerdict,
): Record<string, string> {
  return {
    'ratelimit-policy': `"source";q=${limit};w=${periodSeconds}`,
    ratelimit: `"source";r=${remaining};t=${seconds}`,
  }
}
