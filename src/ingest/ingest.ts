import type { Clock } from '../model/clock.ts'
import type { RejectionRow } from '../model/delivery-log.ts'
import type { EventMetadata } from '../model/event.ts'
import { newId, type SourceId } from '../model/id.ts'
import type { Appended } from '../model/intake.ts'
import { ProblemError } from '../model/problem.ts'
import type { RawRequest } from '../model/request.ts'
import type { Source } from '../model/source.ts'
import type { Verification } from '../model/verification.ts'
import { findProvider } from '../providers/registry.ts'
import type { HandshakeAnswer } from '../providers/scheme/handshake.ts'
import type { KeyStore } from '../providers/scheme/keys.ts'
import { acceptEvents, regionOf, type AcceptDeps } from './accept.ts'
import { addressOf, guard, guardMethod, notFound } from './guard.ts'
import { answerHandshake } from './handshake.ts'
import { normalise } from './normalise.ts'
import { readRequest } from './receive.ts'
import { rejectionRow } from './rejections.ts'
import { verifyRequest } from './verify.ts'

export interface IngestDeps extends AcceptDeps {
  clock: Clock
  keys: KeyStore
  findSource(id: SourceId): Promise<Source | undefined>
  /** The source read anew, or undefined when that was done only just now. */
  refreshSource(id: SourceId): Promise<Source | undefined>
  /** Keeps a refused request for the owner, or drops it when there are many. */
  reject(sourceId: SourceId, row: () => RejectionRow): void
  /** Stores what a provider hands over as the secret of a source that has none. Durable when it resolves. */
  keepSecret(id: SourceId, secret: string): Promise<void>
  /** Asks for a URL by which a subscription is confirmed, without waiting. Its host was checked. */
  visit(url: string): void
  /** Lets recorded requests be verified at their own time; local server only. */
  hasTestClock: boolean
}

export interface Inbound {
  request: Request
  sourceId: SourceId
  /** What followed `/in/:sourceId`, with the query. */
  path: string
}

/** The steps of ingestion in their order. Throws `ProblemError` for every refusal. */
export async function ingest({ request, sourceId, path }: Inbound, deps: IngestDeps): Promise<Response> {
  const receivedAt = deps.clock.now()
  const source = await deps.findSource(sourceId)
  if (source === undefined) throw notFound()
  guard(source, request)
  const raw = await readRequest(request, source, receivedAt)
  const now = testTime(request, deps) ?? receivedAt
  const answer = await answerHandshake({ source, request: raw, now, keys: deps.keys })
  if (answer) {
    await carryOut(answer, sourceId, deps)
    return new Response(answer.body, { status: answer.status, headers: answer.headers })
  }
  guardMethod(source, request.method)
  const verified = await verifyWithRefresh(source, raw, now, deps)
  const { verification } = verified
  const metadata = connectionOf(request)
  const seen = { ip: metadata.ip ?? null, country: metadata.country ?? null }
  if (verification.verdict === 'failed') {
    const { reason, hint } = verification
    deps.reject(sourceId, () => rejectionRow({ source, request: raw, reason, detail: hint ?? '', ...seen }))
    if (source.settings.verification === 'required') throw signatureInvalid()
  }
  const passed: Verification = verification.verdict === 'failed' ? { verdict: 'unattempted' } : verification
  const forwarded = { ...raw, headers: withoutSecrets(raw, verified.source) }
  const newEventId = () => newId('evt', receivedAt)
  const normalised = await normalise({
    source,
    request: forwarded,
    path,
    verification: passed,
    metadata,
    newEventId,
  })
  if (!normalised.ok) throw new ProblemError('invalid_request', normalised.error.detail)
  const { tenantId, settings } = source
  const where = { tenantId, sourceId, isOrdered: settings.ordering, region: regionOf(cfOf(request)) }
  const appended = await acceptEvents({ ...where, events: normalised.value }, deps)
  return accepted(source, appended)
}

/** A secret is stored before its provider hears that we have it: it is never sent again. */
async function carryOut({ effect }: HandshakeAnswer, sourceId: SourceId, deps: IngestDeps): Promise<void> {
  if (effect?.kind === 'keep_secret') await deps.keepSecret(sourceId, effect.secret)
  if (effect?.kind === 'visit') deps.visit(effect.url)
}

/** A wrong signature may be a secret that was rotated a moment ago: the source is read once more. */
async function verifyWithRefresh(
  source: Source,
  request: RawRequest,
  now: number,
  deps: IngestDeps,
): Promise<{ source: Source; verification: Verification }> {
  const { keys } = deps
  const verification = await verifyRequest({ source, request, now, keys })
  if (verification.verdict !== 'failed') return { source, verification }
  const fresh = await deps.refreshSource(source.id)
  if (fresh === undefined || fresh.version === source.version) return { source, verification }
  return { source: fresh, verification: await verifyRequest({ source: fresh, request, now, keys }) }
}

/** The answer that the owner configured, else the one that the provider wants, else the id. */
function accepted(source: Source, appended: readonly Appended[]): Response {
  const own = source.settings.response
  const wanted = findProvider(source.provider)?.answer
  const body = own?.body ?? wanted?.body ?? defaultBody(appended)
  const contentType = own?.contentType ?? wanted?.contentType ?? 'application/json'
  const status = own?.status ?? wanted?.status ?? 200
  return new Response(status === 204 ? null : body, {
    status,
    headers: { 'content-type': contentType, ...own?.headers },
  })
}

function defaultBody(appended: readonly Appended[]): string {
  const [first] = appended
  if (first === undefined) return '{"id":null,"duplicate":false}'
  const duplicate = appended.every((each) => each.duplicate)
  return JSON.stringify({
    id: first.id,
    duplicate,
    ...(appended.length > 1 && { ids: appended.map(({ id }) => id) }),
  })
}

/** Headers that carry the source's own secret (static tokens) prove the sender to us and are nobody else's business. */
function withoutSecrets({ headers }: RawRequest, { secrets }: Source): RawRequest['headers'] {
  return headers.filter(([, value]) => !secrets.some((secret) => secret !== '' && value.includes(secret)))
}

function signatureInvalid(): ProblemError {
  return new ProblemError(
    'signature_invalid',
    'The request could not be verified. The owner of the source finds the reason in its rejections.',
  )
}

function testTime(request: Request, deps: IngestDeps): number | undefined {
  const header = deps.hasTestClock ? request.headers.get('hookway-test-now') : null
  return header !== null && /^\d{1,12}$/.test(header) ? Number(header) * 1000 : undefined
}

function cfOf(request: Request): Partial<IncomingRequestCfProperties> | undefined {
  return request.cf as Partial<IncomingRequestCfProperties> | undefined
}

function connectionOf(request: Request): EventMetadata {
  const cf = cfOf(request)
  const ip = addressOf(request)
  return {
    ...(ip !== null && { ip }),
    ...(cf?.country && { country: cf.country }),
    ...(cf?.region && { region: cf.region }),
    ...(cf?.city && { city: cf.city }),
    ...(cf?.asn && { asn: cf.asn }),
    ...(cf?.colo && { colo: cf.colo }),
  }
}
