import type { EndpointSettings } from '../model/endpoint.ts'

/** A token bucket: `tokens` as of `at` (ms). */
export interface Bucket {
  tokens: number
  at: number
}

export interface Rate {
  /** Tokens for each millisecond. */
  perMs: number
  capacity: number
}

/** One object's share of the endpoint's rate; undefined: no limit. The burst is the limit itself unless it is given. */
export function rateOf(settings: Pick<EndpointSettings, 'rateLimit'>, shards: number): Rate | undefined {
  const { rateLimit } = settings
  if (rateLimit === null) return undefined
  const { limit, periodSeconds, burst = limit } = rateLimit
  return { perMs: limit / shards / (periodSeconds * 1000), capacity: Math.max(1, burst / shards) }
}

/** The bucket as it is now. A clock that jumps back gives nothing and takes nothing. */
export function refill(bucket: Bucket, rate: Rate, now: number): Bucket {
  const passed = Math.max(0, now - bucket.at)
  return {
    tokens: Math.min(rate.capacity, bucket.tokens + passed * rate.perMs),
    at: Math.max(now, bucket.at),
  }
}

/** When the next token is there; now or earlier: there is one. */
export function nextTokenAt(bucket: Bucket, rate: Rate): number {
  return bucket.tokens >= 1 ? bucket.at : Math.ceil(bucket.at + (1 - bucket.tokens) / rate.perMs)
}
