import { z } from 'zod'
import { getEndpoint, type EndpointRecord } from '../db/endpoints.ts'
import { textExact, toBase64, utf8, type Bytes } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import { visibilitySchema } from '../model/endpoint.ts'
import { idSchema } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { ACKNOWLEDGED_MAX, PAGE_BYTES_MAX, PULL_WAIT_SECONDS_MAX, type PulledMessage } from '../model/pull.ts'
import { permits, type Scope } from '../model/token.ts'
import { notFound } from './amend.ts'
import type { ApiDeps, PagePlace } from './deps.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerScan, pageOf, pageQuery } from './page.ts'
import { invalid } from './parse.ts'

const pollQuery = pageQuery.extend({
  cursor: pageQuery.shape.cursor.meta({
    description:
      'The `next` of the page before: acknowledges everything on it that is still leased as delivered.',
  }),
  waitSeconds: z.coerce.number().int().min(0).max(PULL_WAIT_SECONDS_MAX).default(0).meta({
    description: 'How long to wait for the first message when there is none.',
  }),
  visibilitySeconds: z.coerce.number().pipe(visibilitySchema).optional().meta({
    description: 'How long these messages are leased; by default as the endpoint says.',
  }),
})

const messageId = z.union([idSchema('dlv'), idSchema('bat')])

const messageSchema = z.object({
  /** The `webhook-id`, the same over repeats: of the delivery, or of a batch. */
  id: messageId,
  /** Of a batch: its first event. */
  eventId: idSchema('evt'),
  eventType: z.string(),
  /** When it happened, else when it was received. */
  timestamp: z.iso.datetime(),
  attempt: z.int(),
  /** It comes again if it is not acknowledged by then. */
  leasedUntil: z.iso.datetime(),
  /** As a push would carry them, the signature of the body's bytes among them. */
  headers: z.record(z.string(), z.string()),
  /** Of `body`: text where it is UTF-8 of at most 4 MiB. */
  encoding: z.enum(['utf8', 'base64']),
  /** Exactly what was signed. */
  body: z.string(),
})

const acknowledgementSchema = z.object({
  ids: z.array(messageId).min(1).max(ACKNOWLEDGED_MAX).optional(),
  /** The `next` of a page, for all of it. */
  cursor: pageQuery.shape.cursor,
  /** `rejected`: not to come again, a dead letter. `retry`: to come again, as the endpoint's `retry` says. */
  outcome: z.enum(['delivered', 'rejected', 'retry']).default('delivered'),
  /** For the delivery's log. */
  reason: z.string().min(1).max(500).optional(),
  /** For `retry`: not before then. */
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
})

const acknowledgedSchema = z.object({
  /** Those that this ended. */
  ids: z.array(messageId),
  /** Not leased: acknowledged before, or the lease is over and they come again. */
  notLeased: z.array(messageId),
})

/** Divisible by three, so that the pieces of base64 join. */
const PIECE_BYTES = 3 * 64 * 1024
const EMPTY_BODY = '"body":""'

export function messageOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/endpoints/:id/messages',
      summary: 'Lease the next messages of a pull endpoint, in its order; `cursor` acknowledges those before',
      access: 'messages',
      idPrefix: 'ep',
      query: pollQuery,
      problems: ['conflict', 'invalid_cursor'],
      isExported: false,
      answers: {
        status: 200,
        schema: z.object({ data: z.array(messageSchema), next: z.string().nullable() }),
      },
      run: async (call) => poll(deps, call),
    }),
    operation({
      method: 'POST',
      path: '/endpoints/:id/messages/acknowledgements',
      summary: 'Say what became of leased messages; durable when answered, and harmless to repeat',
      access: 'messages',
      idPrefix: 'ep',
      body: acknowledgementSchema,
      problems: ['conflict', 'invalid_cursor'],
      answers: { status: 200, schema: acknowledgedSchema },
      run: async (call) => acknowledge(deps, call),
    }),
  ]
}

async function poll(
  { db, pullMessages }: ApiDeps,
  { tenantId, id, query, scopes }: Call<'ep', z.output<typeof pollQuery>, undefined>,
): Promise<Answer> {
  const { limit, cursor, waitSeconds, visibilitySeconds } = query
  const endpoint = pulled(await getEndpoint(db, { tenantId, id }))
  if (cursor !== undefined) requireWrite(scopes)
  const { place, messages } = await pullMessages(endpoint, {
    limit,
    waitMs: waitSeconds * 1000,
    endpointVersion: endpoint.version,
    ...(visibilitySeconds === undefined ? {} : { visibilityMs: visibilitySeconds * 1000 }),
    ...(cursor === undefined ? {} : { after: placeOf(endpoint, cursor) }),
  })
  const next = place && `${place.shard}:${place.page}`
  const [first, ...others] = messages
  if (first && others.length === 0 && first.body.byteLength > PAGE_BYTES_MAX) {
    const bodiless = { ...show({ ...first, body: new Uint8Array(0) }), encoding: 'base64' }
    const answer = answerScan(listOf(endpoint), { rows: [bodiless], next }, (row) => row)
    return inPieces(answer, first.body)
  }
  return answerScan(listOf(endpoint), { rows: messages, next }, show)
}

async function acknowledge(
  { db, acknowledgeMessages }: ApiDeps,
  { tenantId, id, body }: Call<'ep', undefined, z.output<typeof acknowledgementSchema>>,
): Promise<Answer> {
  const { ids, cursor, outcome, reason, retryAfterSeconds } = body
  const endpoint = pulled(await getEndpoint(db, { tenantId, id }))
  if ((ids === undefined) === (cursor === undefined)) {
    throw invalid([{ path: 'ids', message: 'give either `ids` or `cursor`' }])
  }
  if (retryAfterSeconds !== undefined && outcome !== 'retry') {
    throw invalid([{ path: 'retryAfterSeconds', message: 'is for the outcome `retry`' }])
  }
  const done = await acknowledgeMessages(endpoint, {
    of: cursor === undefined ? { ids: ids ?? [] } : placeOf(endpoint, cursor),
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }),
  })
  const ended = new Set(done)
  return { status: 200, body: { ids: done, notLeased: (ids ?? []).filter((each) => !ended.has(each)) } }
}

function pulled(endpoint: EndpointRecord | undefined): EndpointRecord {
  if (!endpoint) throw notFound()
  if (endpoint.settings.mode === 'pull') return endpoint
  throw new ProblemError(
    'conflict',
    'The endpoint is sent to. Set its `mode` to `pull`, without a `url`, to poll it.',
  )
}

/** To read a page leases it, to ask for the one after it ends what was leased. */
function requireWrite(scopes: readonly Scope[]): void {
  if (permits(scopes, 'messages', 'write')) return
  throw new ProblemError('forbidden', 'To acknowledge by `cursor` the token needs the scope messages:write.')
}

/** A cursor of another endpoint would end what it never showed. */
function listOf({ id }: EndpointRecord): string {
  return `messages/${id}`
}

/** Which page of which of the endpoint's objects. */
function placeOf(endpoint: EndpointRecord, cursor: string): PagePlace {
  const { after = '' } = pageOf(listOf(endpoint), { limit: 1, cursor })
  const [shard, page] = after.split(':').map(Number)
  if (Number.isSafeInteger(shard) && Number.isSafeInteger(page)) return { shard: shard ?? 0, page: page ?? 0 }
  throw new ProblemError('invalid_cursor', 'Pass the `next` of a page of this endpoint as it was given.')
}

/** A large body would stand in memory several times over: its JSON is written piece by piece. */
function inPieces({ status, body }: Answer, large: Bytes): Answer {
  const json = JSON.stringify(body)
  // The last such field is the message's own: what stands in strings has its quotes escaped.
  const at = json.lastIndexOf(EMPTY_BODY) + EMPTY_BODY.length - 1
  let from = 0
  const bytes = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(utf8(json.slice(0, at)))
    },
    pull(controller) {
      controller.enqueue(utf8(toBase64(large.subarray(from, from + PIECE_BYTES))))
      from += PIECE_BYTES
      if (from < large.byteLength) return
      controller.enqueue(utf8(json.slice(at)))
      controller.close()
    },
  })
  return { status, bytes, headers: { 'content-type': 'application/json' } }
}

function show({ id, eventId, eventType, at, attempt, leasedUntil, headers, body }: PulledMessage) {
  const text = body.byteLength > PAGE_BYTES_MAX ? undefined : textExact(body)
  return {
    id,
    eventId,
    eventType,
    timestamp: isoTime(at),
    attempt,
    leasedUntil: isoTime(leasedUntil),
    headers: Object.fromEntries(new Headers(headers)),
    encoding: text === undefined ? 'base64' : 'utf8',
    body: text ?? toBase64(body),
  }
}
