/** How one try ended. `refused` was never sent; the others were. */
export type Outcome =
  | { kind: 'delivered'; statusCode: number }
  | { kind: 'rejected'; statusCode: number; reason: 'gone' | 'client_error' }
  | { kind: 'deferred'; reason: DeferredReason; statusCode?: number; retryAfterMs?: number }
  | { kind: 'refused'; reason: 'private_address' | 'bad_url' | 'payload_missing'; detail: string }

export type DeferredReason = 'timeout' | 'connection' | 'tls' | 'dns' | 'busy' | 'redirect' | 'server_error'

const RETRIED_CLIENT_ERRORS = new Set([408, 425, 429])

/**
 * What a status means: 2xx delivered; 408, 425, 429 and 5xx come again; 3xx comes again too, since we never follow
 * a redirect and a maintenance page passes; other 4xx will not get better by repetition. 1xx never arrives here.
 */
export function classifyStatus(statusCode: number, retryAfterMs: number | undefined): Outcome {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered', statusCode }
  if (statusCode >= 300 && statusCode < 400)
    return { kind: 'deferred', reason: 'redirect', statusCode, ...wait }
  if (RETRIED_CLIENT_ERRORS.has(statusCode)) return { kind: 'deferred', reason: 'busy', statusCode, ...wait }
  if (statusCode < 500)
    return { kind: 'rejected', statusCode, reason: statusCode === 410 ? 'gone' : 'client_error' }
  return { kind: 'deferred', reason: 'server_error', statusCode, ...wait }
}

/** Names a failed fetch by the words of the runtime's error, of which only the text is promised. */
export function classifyNetworkError(message: string): DeferredReason {
  if (/tls|ssl|certificate|handshake/i.test(message)) return 'tls'
  if (/dns|resolve|getaddrinfo|name not/i.test(message)) return 'dns'
  return 'connection'
}

/** The longest `Retry-After` that is believed: a receiver that names a later time is a bug or an attack. */
export const RETRY_AFTER_MS_MAX = 24 * 3600_000

/** RFC 9110 10.2.3: seconds or an HTTP date; anything else is ignored. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  const trimmed = value.trim()
  if (/^\d{1,10}$/.test(trimmed)) return Math.min(Number(trimmed) * 1000, RETRY_AFTER_MS_MAX)
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(trimmed)) return undefined
  const at = Date.parse(trimmed)
  if (Number.isNaN(at)) return undefined
  return Math.min(Math.max(0, at - now), RETRY_AFTER_MS_MAX)
}
