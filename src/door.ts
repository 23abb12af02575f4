import type { Hono } from 'hono'
import { findSiblings, findSource, keepFirstSecret } from './db/sources.ts'
import { documentedReceipt, type ReceivedFacts } from './api/documents/received.ts'
import { settingsOf } from './env.ts'
import { appendWithRetry } from './model/object-call.ts'
import { intakeOf, routerOf } from './objects.ts'
import { makeAcceptDeps } from './publish.ts'
import { refreshUsage, requireEvents } from './quota.ts'
import { after, systemClock } from './model/clock.ts'
import type { SourceId } from './model/id.ts'
import type { LogMessage, RejectionRow } from './model/delivery-log.ts'
import { makeKeyStore } from './providers/scheme/keys.ts'
import { answer, makeDoor } from './ingest/door.ts'
import type { IngestDeps } from './ingest/ingest.ts'
import { RejectionSampler } from './ingest/rejections.ts'
import { Visits } from './ingest/visit.ts'
import { SourceCache, type ReadSource } from './ingest/source-cache.ts'

/** What ingestion needs of the request's context. */
type Context = Pick<ExecutionContext, 'waitUntil'> & { readonly exports?: unknown }

const sources = new SourceCache()
const sampler = new RejectionSampler()
const visits = new Visits()
const keys = makeKeyStore({ fetch: (url, init) => fetch(url, init), now: systemClock.now })

/** `ANY /in/:sourceId[/*]`. */
export function makeIngestDoor(): Hono<{ Bindings: Env }> {
  const door = makeDoor<{ Bindings: Env }>((c) => makeIngestDeps(c.env, c.executionCtx), systemClock)
  // As the webhook management document writes it. What is not the sender's (a token is there) belongs to the API.
  door.all('/webhooks/:sourceId{src_[0-9A-Z]+}', async (c, next) => {
    const isManagement = c.req.header('authorization') !== undefined || c.req.method === 'DELETE'
    if (c.req.method !== 'POST' && isManagement) return next()
    return await answerAsDocumented(c.req.raw, c.req.param('sourceId') as SourceId, c.env, c.executionCtx)
  })
  return door
}

/** A source was changed by this isolate: the next request sees it. */
export function forgetSource(id: SourceId): void {
  sources.forget(id)
}

/** How often this isolate has read a source from the database. */
export function sourceReads(): number {
  return sources.reads
}

async function answerAsDocumented(
  request: Request,
  sourceId: SourceId,
  env: Env,
  ctx: Context,
): Promise<Response> {
  const started = systemClock.now()
  let facts: ReceivedFacts | undefined
  const observe: IngestDeps['observe'] = ([head]) => {
    if (head) facts = { type: head.type, entityId: head.entityId ?? null }
  }
  const response = await answer(
    request,
    sourceId,
    () => ({ ...makeIngestDeps(env, ctx), observe }),
    systemClock,
  )
  return documentedReceipt(response, { facts, processingTimeMs: systemClock.now() - started })
}

function makeIngestDeps(env: Env, ctx: Context): IngestDeps {
  const { sealer, hasTestClock, checkTarget } = settingsOf(env)
  const clock = systemClock
  const read: ReadSource = (id, { fresh }) => findSource({ db: env.DB, sealer, now: clock.now(), fresh }, id)
  return {
    ...makeAcceptDeps(env),
    clock,
    keys,
    hasTestClock,
    findSource: async (id) => {
      const source = await sources.find(id, clock.now(), read)
      if (source) {
        // Beside the request: what is known may be a little old, but nobody waits for a database.
        ctx.waitUntil(refreshUsage(env, source.tenantId))
        requireEvents(source.tenantId, 1)
      }
      return source
    },
    refreshSource: (id) => sources.refresh(id, clock.now(), read).catch(() => undefined),
    take: (intake, region, limit) => appendWithRetry(() => intakeOf(env, intake, region).take(limit)),
    keepSecret: async (id, secret) => {
      const now = clock.now()
      const sealed = { sealed: await sealer.seal(secret, id), expiresAt: null }
      await keepFirstSecret(env.DB, { id, secret: sealed, now })
      sources.forget(id)
    },
    replyTo: (event) => routerOf(ctx).replyTo(event),
    visit: (id, url) => {
      const outward = { clock, after, checkTarget, fetch: (to: string, init: RequestInit) => fetch(to, init) }
      ctx.waitUntil(visits.visit(id, url, outward))
    },
    reject: (source, row, explain) => {
      const count = sampler.take(source.id, clock.now())
      if (count === 0) return
      const kept: RejectionRow = { ...row(), count }
      const siblings = () => findSiblings({ db: env.DB, sealer }, source)
      const explained = explain?.(siblings).catch(() => undefined) ?? Promise.resolve(undefined)
      const send = async (detail: string | undefined) => {
        const message: LogMessage = { kind: 'rejections', rows: [detail ? { ...kept, detail } : kept] }
        await env.LOG.send(message)
      }
      // Beside the answer, which is the same for every refusal and takes no longer for one.
      ctx.waitUntil(explained.then(send))
    },
  }
}
