import { judge } from '../model/answer.ts'
import { parseRetryAfter, type Outcome } from '../model/attempt.ts'
import type { Bytes } from '../model/bytes.ts'
import type { After, Clock } from '../model/clock.ts'
import type { AttemptRecord } from '../model/delivery-log.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import type { DeliveryId } from '../model/id.ts'
import { REPLY_BYTES_MAX } from '../model/reply.ts'
import { headerOf } from '../model/request.ts'
import type { CheckTarget } from '../model/resolver.ts'
import { err, ok, type Result } from '../model/result.ts'
import { authHeaders } from './authorise.ts'
import type { Composed } from './compose.ts'
import { exchange, type Failed, type Fetch, type Received } from './exchange.ts'
import { logMaskOf, type Member } from './log-mask.ts'
import type { Prepared } from './prepare.ts'
import { recordOf } from './record.ts'
import { bodyOf, composedOf, refused, signedRequest, withHeaders } from './request.ts'
import { targetOf } from './target.ts'
import type { TokenCache, TokenFailure } from './token.ts'

export interface AttemptDeps {
  clock: Clock
  after: After
  fetch: Fetch
  checkTarget: CheckTarget
  /** A body that is kept in object storage, or undefined when it is gone. */
  readBody(key: string): Promise<Bytes | undefined>
  /** The endpoint's access tokens. */
  tokens: Pick<TokenCache, 'get'>
}

export interface AttemptInput {
  deliveryId: DeliveryId
  event: Event
  /** With their secrets opened. */
  settings: EndpointSettings
  /** Opened signing secrets that are live now, newest first. */
  secrets: readonly string[]
  /** From 1. */
  attempt: number
  /** It is one of these, which go together. */
  batch?: Composed
}

export interface Attempted {
  outcome: Outcome
  record: AttemptRecord
  answer?: Received
}

/** One try, from the guard to the judged answer. Never throws for anything that a receiver or its network does. */
export async function attemptDelivery(input: AttemptInput, deps: AttemptDeps): Promise<Attempted> {
  const { settings, event } = input
  const at = deps.clock.now()
  const given = await bodyOf(input, deps)
  const request = await makeRequest(input, { at, given }, deps)
  const wholeBytesMax = event.head.isAwaited ? REPLY_BYTES_MAX : 0
  const tried = request.ok
    ? await sendAuthorised(request.value, { settings, at, deps, wholeBytesMax })
    : request.error
  const durationMs = Math.max(0, deps.clock.now() - at)
  const mask = logMaskOf(membersOf(input, given.ok ? given.value : undefined), settings)
  const record = recordOf({ at, durationMs, settings, mask, ...tried })
  return { outcome: tried.outcome, record, ...(tried.answer && { answer: tried.answer }) }
}

/** How far an attempt came. */
export interface Tried {
  outcome: Outcome
  /** As sent, or as it would have been. */
  request?: Prepared
  answer?: Received
  /** Why there is no answer. */
  error?: string
}

/** The request but for its authorisation: guarded, in the form and the encoding that the endpoint asks for, and signed. */
async function makeRequest(
  input: AttemptInput,
  { at, given }: { at: number; given: Result<Bytes, Tried> },
  { checkTarget }: AttemptDeps,
): Promise<Result<Prepared, Tried>> {
  if (!given.ok) return given
  const composed = composedOf(input, given.value)
  const target = targetOf(composed.settings, composed.event, composed.body)
  if (!target.ok) return refused('bad_url', target.error)
  const checked = await checkTarget(target.value)
  if (!checked.ok) return refused(checked.error.reason, checked.error.detail)
  return await signedRequest(input, { ...composed, at, url: checked.value.href })
}

/** The events that go, each with its body. In a batch one whose body is stored apart is alone. */
function membersOf({ event, batch }: AttemptInput, given: Bytes | undefined): Member[] {
  const [, ...others] = batch?.items ?? []
  return [{ event, body: given }, ...others.map((each) => ({ event: each.event, body: each.event.body }))]
}

interface Sending {
  settings: EndpointSettings
  at: number
  deps: AttemptDeps
  wholeBytesMax: number
}

/** An access token may have been withdrawn before its time: the first 401 gets another token and one more request. */
async function sendAuthorised(request: Prepared, sending: Sending): Promise<Tried> {
  const authorised = await authorise(request, sending, undefined)
  if (!authorised.ok) return failedAuth(request, authorised.error)
  const answer = await send(authorised.value, sending)
  const isOauth = sending.settings.auth.type === 'oauth2'
  if (!isOauth || answer.kind === 'failure' || answer.statusCode !== 401) {
    return judged(authorised.value, answer, sending)
  }
  const again = await authorise(request, sending, authorised.value)
  if (!again.ok) return failedAuth(request, again.error)
  return judged(again.value, await send(again.value, sending), sending)
}

async function authorise(
  request: Prepared,
  { settings, at, deps }: Sending,
  rejected: Prepared | undefined,
): Promise<Result<Prepared, TokenFailure>> {
  const token = rejected?.headers.find(([name]) => name === 'authorization')?.[1].replace(/^Bearer /, '')
  try {
    const given = await authHeaders(settings.auth, { request, at, tokens: deps.tokens, rejected: token })
    return given.ok ? ok(withHeaders(request, given.value)) : given
  } catch {
    const detail = 'The key of `auth` cannot be used.'
    return err({ outcome: { kind: 'refused', reason: 'bad_settings', detail }, message: detail })
  }
}

function failedAuth(request: Prepared, { outcome, message }: TokenFailure): Tried {
  return { request, outcome, error: message }
}

function send({ url, method, headers, body }: Prepared, { settings, deps, wholeBytesMax }: Sending) {
  const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body }) }
  return exchange(deps, { url, init, timeoutMs: settings.timeoutMs, wholeBytesMax })
}

function judged(request: Prepared, answer: Received | Failed, { settings, deps }: Sending): Tried {
  if (answer.kind === 'failure') {
    return { request, outcome: { kind: 'deferred', reason: answer.reason }, error: answer.message }
  }
  const { statusCode, body } = answer
  const retryAfterMs = parseRetryAfter(headerOf(answer, 'retry-after') ?? null, deps.clock.now())
  const control = headerOf(answer, 'webhook-delivery') ?? null
  return { request, answer, outcome: judge({ statusCode, body, retryAfterMs, control }, settings) }
}
