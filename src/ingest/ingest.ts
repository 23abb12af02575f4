import type { RejectionRow } from '../model/delivery-log.ts'
import type { EventHead, EventMetadata } from '../model/event.ts'
import { newId, type SourceId } from '../model/id.ts'
import { ProblemError, type FieldError } from '../model/problem.ts'
import type { RawRequest } from '../model/request.ts'
import { secretsOf, type Sibling, type Source } from '../model/source.ts'
import type { Verification } from '../model/verification.ts'
import type { HandshakeAnswer } from '../providers/scheme/handshake.ts'
import type { KeyStore } from '../providers/scheme/keys.ts'
import { rateHeaders, type RateLimit, type RateVerdict } from '../model/rate-limit.ts'
import { acceptEvents, intakeName, regionOf, type AcceptDeps, type Lane, type Region } from './accept.ts'
import { explainMismatch } from './explain.ts'
import { addressOf, guard, guardMethod, notFound } from './guard.ts'
import { answerHandshake } from './handshake.ts'
import { normalise } from './normalise.ts'
import { readRequest } from './receive.ts'
import { rejectionRow } from './rejections.ts'
import { schemaMismatch } from './schema.ts'
import { respondInTime, type SyncDeps } from './sync.ts'
import { verifyRequest } from './verify.ts'

export interface IngestDeps extends AcceptDeps, SyncDeps {
  keys: KeyStore
  findSource(id: SourceId): Promise<Source | undefined>
  /** The source read anew, or undefined when that was done only just now. */
  refreshSource(id: SourceId): Promise<Source | undefined>
  /** Keeps a refused request for the owner, or drops it when there are many. What is kept may be explained first. */
  reject(source: Source, row: () => RejectionRow, explain?: Explain): void
  /** Counts one request of a source at its intake object. */
  take(intake: string, region: Region, limit: RateLimit): Promise<RateVerdict>
  /** Stores what a provider hands over as the secret of a source that has none. Durable when it resolves. */
  keepSecret(id: SourceId, secret: string): Promise<void>
  /** Asks for a URL by which a subscription is confirmed, without waiting. Its host was checked. */
  visit(sourceId: SourceId, url: string): void
  /** Learns what a request was found to say, before it is accepted. */
  observe?(heads: EventHead[]): void
  /** Lets recorded requests be verified at their own time; local server only. */
  hasTestClock: boolean
}

/** What is found out about a refusal only if it is kept. */
type Explain = (siblings: () => Promise<Sibling[]>) => Promise<string | undefined>

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
  const keepRefused = (reason: string, detail: string, explain?: Explain) =>
    deps.reject(source, () => rejectionRow({ source, request: raw, reason, detail, ...seen }), explain)
  if (verification.verdict === 'failed') {
    const { reason, hint } = verification
    const failed = { source: verified.source, request: raw, now, keys: deps.keys }
    keepRefused(reason, hint ?? '', (siblings) => explainMismatch(failed, { reason }, siblings))
    if (source.settings.verification === 'required') throw signatureInvalid()
  }
  const passed: Verification = verification.verdict === 'failed' ? { verdict: 'unattempted' } : verification
  const forwarded = { ...raw, headers: withoutSecrets(raw, verified.source) }
  const { tenantId, settings } = source
  const where = { tenantId, sourceId, lane: laneOf(settings), region: regionOf(cfOf(request)) }
  const headers = await limited(settings.rateLimit, where, deps)
  const schemaErrors = schemaMismatch(source, forwarded)
  if (schemaErrors.length > 0 && settings.schema?.mode === 'reject') {
    keepRefused('schema_mismatch', summaryOf(schemaErrors))
    throw schemaRefused(schemaErrors, headers)
  }
  const newEventId = () => newId('evt', receivedAt)
  const normalised = await normalise({
    source,
    request: forwarded,
    path,
    verification: passed,
    metadata: { ...metadata, ...(schemaErrors.length > 0 && { schemaErrors }) },
    newEventId,
  })
  if (!normalised.ok) throw new ProblemError('invalid_request', normalised.error.detail)
  const events = normalised.value
  deps.observe?.(events.map(({ event }) => event.head))
  const appended = await acceptEvents({ ...where, events }, deps)
  return await respondInTime({ source, request: forwarded, appended, events }, headers, deps)
}

function laneOf({ ordering, rateLimit }: Source['settings']): Lane['lane'] {
  if (ordering) return 'ordered'
  return rateLimit === null ? 'regional' : 'single'
}

/** Only verified requests count, so that nobody else can use up what the provider may send. */
async function limited(
  rateLimit: RateLimit | null,
  where: Lane,
  deps: IngestDeps,
): Promise<Record<string, string>> {
  if (rateLimit === null) return {}
  const verdict = await deps.take(intakeName(where), where.region, rateLimit)
  const headers = rateHeaders(rateLimit, verdict)
  if (verdict.isAllowed) return headers
  throw new ProblemError('rate_limited', 'The source takes no more requests for now. Send it again later.', {
    headers: { ...headers, 'retry-after': String(verdict.seconds) },
  })
}

function schemaRefused(errors: FieldError[], headers: Record<string, string>): ProblemError {
  const detail = `The body does not fit the schema of the source: ${summaryOf(errors)}.`
  return new ProblemError('schema_mismatch', detail, { errors, headers })
}

function summaryOf([first]: readonly FieldError[]): string {
  return first === undefined ? '' : `${first.path === '' ? 'the body' : first.path}: ${first.message}`
}

/** A secret is stored before its provider hears that we have it: it is never sent again. */
async function carryOut({ effect }: HandshakeAnswer, sourceId: SourceId, deps: IngestDeps): Promise<void> {
  if (effect?.kind === 'keep_secret') await deps.keepSecret(sourceId, effect.secret)
  if (effect?.kind === 'visit') deps.visit(sourceId, effect.url)
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

/** Headers that carry the source's own secret (static tokens) prove the sender to us and are nobody else's business. */
function withoutSecrets({ headers }: RawRequest, source: Source): RawRequest['headers'] {
  const secrets = secretsOf(source)
  return headers.filter(([, value]) => !secrets.some((secret) => value.includes(secret)))
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

/** What the platform knows of a connection; each of it may be missing. */
interface Connection {
  continent?: string
  longitude?: string
  country?: string
  region?: string
  city?: string
  asn?: number
  colo?: string
}

function cfOf(request: Request & { cf?: unknown }): Connection | undefined {
  return request.cf as Connection | undefined
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
