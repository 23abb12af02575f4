import { text } from '../model/bytes.ts'
import type { RejectionRow } from '../model/delivery-log.ts'
import { newId, type SourceId } from '../model/id.ts'
import { maskBody } from '../model/mask-body.ts'
import { headerOf, type HeaderPair, type RawRequest } from '../model/request.ts'
import { MASK } from '../model/seal.ts'
import { secretsOf, type Source } from '../model/source.ts'

/** Kept of a burst in one isolate, and how often one more is kept after that: a flood of refusals costs nothing. */
const BURST = 20
const REFILL_MS = 6_000
const SOURCES_MAX = 1_000
const BODY_KEPT_CHARS = 2_000
/** Read for it where something is to be hidden. */
const BODY_MASKED_BYTES = 64 * 1024
const HEADER_KEPT_CHARS = 300
const HEADERS_KEPT_MAX = 30
/** Their values could be replayed or are secrets: the owner sees that they were there, and how long they were. */
const SENSITIVE = /auth|token|secret|key|signature|cookie|password|credential|hmac/

/** Decides which refused requests are kept for the owner, per source and isolate. */
export class RejectionSampler {
  readonly #buckets = new Map<SourceId, { tokens: number; at: number; dropped: number }>()

  /** How many the next one kept stands for, those dropped since the last one included; 0: it is dropped too. */
  take(sourceId: SourceId, now: number): number {
    const bucket = this.#buckets.get(sourceId) ?? { tokens: BURST, at: now, dropped: 0 }
    const tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS)
    if (this.#buckets.size >= SOURCES_MAX) this.#buckets.clear()
    const isKept = tokens >= 1
    this.#buckets.set(sourceId, {
      tokens: isKept ? tokens - 1 : tokens,
      at: now,
      dropped: isKept ? 0 : bucket.dropped + 1,
    })
    return isKept ? bucket.dropped + 1 : 0
  }
}

export function rejectionRow({
  source,
  request,
  reason,
  detail,
  ip,
  country,
}: {
  source: Source
  request: RawRequest
  reason: string
  detail: string
  ip: string | null
  country: string | null
}): RejectionRow {
  return {
    id: newId('rej', request.receivedAt),
    tenantId: source.tenantId,
    sourceId: source.id,
    at: request.receivedAt,
    reason,
    detail: withoutSecrets(detail, source),
    ip,
    country,
    method: request.method,
    headers: request.headers.slice(0, HEADERS_KEPT_MAX).map((pair) => masked(pair, source)),
    bodySample: withoutSecrets(sampleOf(request, source), source),
  }
}

/** Masked before it is cut: of what lacks its end less can be known. */
function sampleOf(request: RawRequest, { masking }: Source): string {
  const { body } = request
  const paths = masking?.paths ?? []
  if (paths.length === 0) return text(body.subarray(0, BODY_KEPT_CHARS))
  const contentType = headerOf(request, 'content-type')
  const isCut = body.byteLength > BODY_MASKED_BYTES
  const masked = maskBody(text(body.subarray(0, BODY_MASKED_BYTES)), { contentType, paths, isCut })
  return (masked?.text ?? MASK).slice(0, BODY_KEPT_CHARS)
}

function masked([name, value]: HeaderPair, source: Source): HeaderPair {
  if (source.masking?.headers.includes(name)) return [name, MASK]
  if (SENSITIVE.test(name)) return [name, `*** (${value.length} characters)`]
  return [name, withoutSecrets(value, source).slice(0, HEADER_KEPT_CHARS)]
}

/** A sender that puts the secret itself into a request must not make it readable. */
function withoutSecrets(value: string, source: Source): string {
  return secretsOf(source).reduce((rest, secret) => rest.replaceAll(secret, MASK), value)
}
