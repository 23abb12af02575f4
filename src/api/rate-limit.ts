import type { TokenId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'

const WINDOW_SECONDS = 60
const BUCKETS_MAX = 10_000
/** A loop is refused thousands of times: its owner is told now and then. */
const TOLD_MS = 3_600_000

interface Bucket {
  left: number
  at: number
  /** Until when its owner need not be told again. */
  toldUntil: number
}

/**
 * A token bucket for each API token, in this isolate alone: it bounds what one caller does to one isolate, and a
 * caller that reaches several isolates gets as many times the limit. What must hold exactly is a quota.
 */
export class RateLimiter {
  readonly #buckets = new Map<TokenId, Bucket>()

  /** Takes one request, and answers the headers that say what is left (draft-ietf-httpapi-ratelimit-headers-10). Throws `rate_limited`. */
  take(tokenId: TokenId, { perMinute, now }: { perMinute: number; now: number }): Record<string, string> {
    const bucket = this.#buckets.get(tokenId) ?? { left: perMinute, at: now, toldUntil: 0 }
    const perMs = perMinute / (WINDOW_SECONDS * 1000)
    const left = Math.min(perMinute, bucket.left + (now - bucket.at) * perMs)
    const isOver = left < 1
    const rest = isOver ? left : left - 1
    if (this.#buckets.size >= BUCKETS_MAX) this.#buckets.clear()
    this.#buckets.set(tokenId, { ...bucket, left: rest, at: now })
    const secondsToFull = Math.ceil((perMinute - rest) / perMs / 1000)
    const headers = {
      'ratelimit-policy': `"token";q=${perMinute};w=${WINDOW_SECONDS}`,
      ratelimit: `"token";r=${Math.floor(rest)};t=${secondsToFull}`,
    }
    if (!isOver) return headers
    const seconds = Math.ceil((1 - left) / perMs / 1000)
    throw new ProblemError('rate_limited', `The token may make ${perMinute} requests a minute.`, {
      headers: { ...headers, 'retry-after': String(seconds) },
    })
  }

  /** Whether the owner of a token that was refused is to be told of it. */
  isNews(tokenId: TokenId, now: number): boolean {
    const bucket = this.#buckets.get(tokenId)
    if (!bucket || bucket.toldUntil > now) return false
    bucket.toldUntil = now + TOLD_MS
    return true
  }
}
