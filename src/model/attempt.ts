/**
 * How one try ended. `refused` was never sent; the others were, or failed on the way. `disable`: nothing more should be
 * sent to the endpoint (410, or the receiver asked for it); the deliveries that wait are held. A consumer that polls
 * answers without a status.
 */
export type Outcome =
  | { kind: 'delivered'; statusCode?: number; disable?: true }
  | { kind: 'rejected'; statusCode?: number; reason: RejectedReason; disable?: true }
  | {
      kind: 'deferred'
      reason: DeferredReason
      statusCode?: number
      retryAfterMs?: number
      disable?: true
    }
  | {
      kind: 'refused'
      reason: 'private_address' | 'bad_url' | 'bad_settings' | 'payload_missing'
      detail: string
    }

/** What a status, or a body beside a good status, was taken for. */
export type AnswerReason =
  | 'busy'
  | 'redirect'
  | 'client_error'
  | 'server_error'
  | 'tls'
  | 'unexpected_status'
  | 'unexpected_body'

/** `aborted`: the receiver asked for no further try. */
export type RejectedReason = AnswerReason | 'gone' | 'aborted' | 'consumer_rejected'

/** `auth`: the authorisation server gave no token. `not_acknowledged`: a consumer's lease ran out. */
export type DeferredReason =
  | AnswerReason
  | 'timeout'
  | 'connection'
  | 'dns'
  | 'auth'
  | 'not_acknowledged'
  | 'consumer_retry'

/**
 * Names a failed fetch by the words of the runtime's error, of which only the text is promised. The local runtime says
 * nothing but `internal error` when a TLS handshake fails, and says it of nothing else that a receiver can do.
 */
export function classifyNetworkError(
  message: string,
  url: string,
): { reason: DeferredReason; message: string } {
  // First: its reference is of random letters, which may spell any of the words below.
  if (/^internal error/i.test(message)) {
    return url.startsWith('https:')
      ? { reason: 'tls', message: `The TLS handshake failed (${message}).` }
      : { reason: 'connection', message }
  }
  if (/tls|ssl|certificate|handshake/i.test(message)) return { reason: 'tls', message }
  if (/dns|resolve|getaddrinfo|name not/i.test(message)) return { reason: 'dns', message }
  return { reason: 'connection', message }
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
