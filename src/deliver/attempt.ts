import { classifyNetworkError, classifyStatus, parseRetryAfter, type Outcome } from '../model/attempt.ts'
import { text, type Bytes } from '../model/bytes.ts'
import type { Clock } from '../model/clock.ts'
import type { AttemptRecord } from '../model/delivery-log.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import type { DeliveryId } from '../model/id.ts'
import type { HeaderPair } from '../model/request.ts'
import type { CheckTarget } from '../model/resolver.ts'
import { madeUrl } from './made.ts'
import { prepare, type Prepared } from './prepare.ts'
import { signatureHeaders } from './sign.ts'

/** Enough to show what a receiver complained about; its answers are untrusted and may be endless. */
export const RESPONSE_READ_BYTES_MAX = 16 * 1024
const HEADERS_KEPT_MAX = 40
const HEADER_KEPT_CHARS = 500
/** Header names whose values are secrets or prove something; the log shows that they were there. */
const SENSITIVE = /auth|token|secret|key|signature|cookie|password|credential/

export interface AttemptDeps {
  clock: Clock
  fetch(url: string, init: RequestInit): Promise<Response>
  checkTarget: CheckTarget
  /** A body that is kept in object storage, or undefined when it is gone. */
  readBody(key: string): Promise<Bytes | undefined>
}

export interface AttemptInput {
  deliveryId: DeliveryId
  event: Event
  settings: EndpointSettings
  /** Opened secrets that are live now, newest first. */
  secrets: readonly string[]
  /** From 1. */
  attempt: number
}

export interface Attempted {
  outcome: Outcome
  record: AttemptRecord
}

/** One try, from the guard to the classified answer. Never throws for anything that a receiver or its network does. */
export async function attemptDelivery(input: AttemptInput, deps: AttemptDeps): Promise<Attempted> {
  const { settings, event } = input
  const at = deps.clock.now()
  const checked = await deps.checkTarget(settings.url)
  const body = event.head.bodyKey === undefined ? event.body : await deps.readBody(event.head.bodyKey)
  if (!checked.ok || body === undefined) {
    const outcome: Outcome = checked.ok
      ? { kind: 'refused', reason: 'payload_missing', detail: 'The payload is no longer stored.' }
      : { kind: 'refused', ...checked.error }
    return { outcome, record: recordOf({ at, deps, settings, prepared: undefined, outcome }) }
  }
  const prepared = prepare({ event, body, settings, attempt: input.attempt })
  const timestamp = Math.floor(at / 1000)
  const signing = { scheme: settings.signing.scheme, id: input.deliveryId, timestamp, body: prepared.body }
  prepared.headers.push(...(await signatureHeaders({ ...signing, secrets: input.secrets })))
  const { outcome, answer } = await send(
    madeUrl(checked.value, event.head.made),
    prepared,
    settings.timeoutMs,
    deps,
  )
  return { outcome, record: recordOf({ at, deps, settings, prepared, outcome, answer }) }
}

interface Answer {
  headers?: HeaderPair[]
  body?: string
  isCut?: boolean
  error?: string
}

/** Sends with a deadline over the whole exchange. The timer is cleared, for a leftover one keeps the object awake and billed. */
async function send(
  url: URL,
  { method, headers, body }: Prepared,
  timeoutMs: number,
  deps: AttemptDeps,
): Promise<{ outcome: Outcome; answer: Answer }> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeoutMs)
  try {
    const hasBody = method !== 'GET' && method !== 'DELETE'
    const init: RequestInit = { method, headers, redirect: 'manual', signal: abort.signal }
    const response = await deps.fetch(url.href, hasBody ? { ...init, body } : init)
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), deps.clock.now())
    const answer = { headers: [...response.headers], ...(await readStart(response)) }
    return { outcome: classifyStatus(response.status, retryAfterMs), answer }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const reason = abort.signal.aborted ? 'timeout' : classifyNetworkError(message)
    const said = reason === 'timeout' ? `No answer within ${timeoutMs} ms.` : message
    return { outcome: { kind: 'deferred', reason }, answer: { error: said } }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The first bytes of the answer. The status has already decided: a body that breaks off or hangs until the deadline
 * is cut, and does not change the outcome. What is not read is cancelled, or its connection would stay taken.
 */
async function readStart(response: Response): Promise<{ body?: string; isCut?: boolean }> {
  const reader = response.body?.getReader()
  if (!reader) return {}
  const start = new Uint8Array(RESPONSE_READ_BYTES_MAX)
  let length = 0
  let isCut = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const part = value.subarray(0, RESPONSE_READ_BYTES_MAX - length)
      start.set(part, length)
      length += part.byteLength
      isCut = part.byteLength < value.byteLength || length === RESPONSE_READ_BYTES_MAX
      if (isCut) break
    }
  } catch {
    isCut = true
  }
  await reader.cancel().catch(() => undefined)
  return { body: text(start.subarray(0, length)), isCut }
}

function recordOf({
  at,
  deps,
  settings,
  prepared,
  outcome,
  answer = {},
}: {
  at: number
  deps: AttemptDeps
  settings: EndpointSettings
  prepared: Prepared | undefined
  outcome: Outcome
  answer?: Answer
}): AttemptRecord {
  const { headers, body, isCut, error } = answer
  const statusCode = 'statusCode' in outcome ? outcome.statusCode : undefined
  const reason = outcome.kind === 'refused' ? outcome.detail : error
  return {
    at,
    durationMs: Math.max(0, deps.clock.now() - at),
    result: outcome.kind === 'delivered' ? 'delivered' : outcome.reason,
    ...(statusCode === undefined ? {} : { statusCode }),
    url: withoutQuery(settings.url),
    method: settings.method,
    requestHeaders: keptHeaders(prepared?.headers ?? []),
    ...(headers ? { responseHeaders: keptHeaders(headers) } : {}),
    ...(body === undefined ? {} : { responseBody: body }),
    ...(isCut ? { responseTruncated: true } : {}),
    ...(reason === undefined ? {} : { error: reason }),
  }
}

function keptHeaders(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers
    .slice(0, HEADERS_KEPT_MAX)
    .map(([name, value]) => [name, SENSITIVE.test(name) ? '***' : value.slice(0, HEADER_KEPT_CHARS)])
}

/** Queries carry API keys. */
function withoutQuery(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? url : `${url.slice(0, at)}?…`
}
