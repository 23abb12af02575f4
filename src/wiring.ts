import type { Hono } from 'hono'
import { makeApi } from './api/app.ts'
import type { ApiEnv } from './api/handle.ts'
import { findEndpoint, setEndpointState } from './db/endpoints.ts'
import { registerIntake } from './db/intakes.ts'
import { setFailing } from './db/faults.ts'
import { writeLog } from './db/log-writer.ts'
import { rejectedIn } from './db/metrics.ts'
import { routedSubscriptions, routingVersion } from './db/routing.ts'
import { settingsOf } from './env.ts'
import { forgetSource, sourceReads } from './door.ts'
import { beginErasure } from './erasing.ts'
import { publishEvents } from './ingest/publish.ts'
import type { LogDeps } from './log/consume.ts'
import { LogWriter } from './log/write.ts'
import { billedHere } from './metering.ts'
import { after, isoTime, systemClock } from './model/clock.ts'
import type { LogMessage } from './model/delivery-log.ts'
import type { Endpoint } from './model/endpoint.ts'
import type { EndpointId } from './model/id.ts'
import { parseIntakeName } from './model/intake.ts'
import type { Notice } from './model/notice.ts'
import { objectNames } from './model/shard.ts'
import { decodeEvent } from './model/event.ts'
import { ok } from './model/result.ts'
import { endpointOf, intakeOf } from './objects.ts'
import { makeSteerDeps, release, rulesOf } from './steering.ts'
import { makeAcceptDeps, tell } from './publish.ts'
import { refreshUsage, requireEvents } from './quota.ts'
import { commonConfigSchema } from './providers/event-config.ts'
import { findProvider } from './providers/registry.ts'
import { tenantMasking } from './tenant-masking.ts'
import { probeEndpoint } from './probing.ts'
import { findRegistration } from './registrations/registry.ts'
import { acknowledgeMessages, pullMessages } from './pulling.ts'
import { orderDelivery, redeliver } from './redeliver.ts'
import { endpointsWanting } from './replaying.ts'
import { makeSend } from './registering.ts'
import type { ReplyDeps } from './route/reply.ts'
import type { FanoutDeps } from './route/consume.ts'
import type { RouteDeps } from './route/route.ts'
import { RoutingCache, type RoutingSource } from './route/routing-cache.ts'

type Api = Hono<ApiEnv>

/** `sendBatch` takes 100 messages or 256 KB; a page of endpoint ids is about 4 KB. */
const MESSAGES_MAX = 50

const apis = new WeakMap<Env, Api>()
const routing = new RoutingCache()
const logWriter = new LogWriter()

/** The management API of this isolate: one, since it caches tokens. */
export function apiOf(env: Env): Api {
  const api = apis.get(env) ?? makeApiFor(env)
  apis.set(env, api)
  return api
}

export function makeLogDeps(env: Env): LogDeps {
  return {
    write: (messages) => writeLog(env.LOG_DB, messages),
    confirm: async (object, receipts) => {
      await endpointOf(env, object).confirm(receipts)
    },
    rejectedThisHour: (tenantId, sourceId, at) => rejectedIn(env.LOG_DB, { tenantId, sourceId, at }),
    tell: (tenantId, event) => tell(env, tenantId, event),
    writeFailed: (error, messages) => warn('log.write_failed', error, { messages }),
  }
}

/** Whether the log has it; if not, the queue brings it. */
export function writeDirectly(env: Env, message: LogMessage): Promise<boolean> {
  const enqueue = async (each: LogMessage) => {
    await env.LOG.send(each)
  }
  return logWriter.write(message, { ...makeLogDeps(env), enqueue, after })
}

export function makeRouteDeps(env: Env): RouteDeps {
  const source: RoutingSource = {
    version: (tenantId) => routingVersion(env.DB, tenantId),
    subscriptions: (tenantId) => routedSubscriptions(env.DB, tenantId, settingsOf(env).sealer),
  }
  return {
    routingTable: (tenantId) => routing.get(tenantId, source),
    accept: (object, batch) => endpointOf(env, object).accept(batch),
    enqueueFanout: async (messages) => {
      for (let i = 0; i < messages.length; i += MESSAGES_MAX) {
        await env.FANOUT.sendBatch(messages.slice(i, i + MESSAGES_MAX).map((body) => ({ body })))
      }
    },
    logEvents: async (events) => void (await writeDirectly(env, { kind: 'events', events })),
    readSegments: (intake, segments) => intakeOf(env, intake).readSegments(segments),
    settlePage: ({ intake, segments, page }) => intakeOf(env, intake).settlePage(segments, page),
    steer: makeSteerDeps(env),
  }
}

export function makeFanoutDeps(env: Env): FanoutDeps {
  return {
    ...makeRouteDeps(env),
    after,
    endpointsPerSecond: settingsOf(env).fanoutPerSecond,
    pageFailed: (error, { intake, page }) => warn('fanout.page_failed', error, { intake, page }),
  }
}

/** To where operators look. An error of the platform names tables and limits, never a row's content. */
function warn(event: string, error: unknown, more: Record<string, unknown>): void {
  const detail = error instanceof Error ? error.message.slice(0, 200) : 'unknown'
  // oxlint-disable-next-line no-console -- the platform's log is where operators look
  console.warn(JSON.stringify({ event, detail, ...more, at: systemClock.now() }))
}

export function makeReplyDeps(env: Env): ReplyDeps {
  return {
    routingTable: makeRouteDeps(env).routingTable,
    now: systemClock.now,
    wait: (object, delivery) => endpointOf(env, object).answer(delivery),
  }
}

/** Makes an intake object known to the sweep. */
export function knowIntake(env: Env, name: string): Promise<void> {
  return registerIntake(env.DB, { name, ...parseIntakeName(name) }, systemClock.now())
}

/** What became of an endpoint, for its owner; one that was given up is disabled. */
export async function tellOwner(env: Env, endpoint: Endpoint, notice: Notice): Promise<void> {
  const { kind, reason, since, deliveryId } = notice
  if (kind === 'disabled') await disableEndpoint(env, endpoint.id)
  else if (kind === 'failing' || kind === 'recovered') {
    await setFailing(env.DB, endpoint, kind === 'failing' ? since : null)
  }
  await tell(env, endpoint.tenantId, {
    type: `hookway.endpoint.${kind}`,
    key: `${endpoint.id} ${since}`,
    data: { endpointId: endpoint.id, url: endpoint.settings.url, reason, since: isoTime(since), deliveryId },
  })
}

async function disableEndpoint(env: Env, id: EndpointId): Promise<void> {
  const disabled = await setEndpointState(env.DB, id, 'disabled', systemClock.now())
  if (disabled) await configureObjects(env, disabled)
}

/** Tells every object of the endpoint, also those that a smaller concurrency left with deliveries. */
async function configureObjects(env: Env, endpoint: Endpoint): Promise<void> {
  await Promise.all(objectNames(endpoint).map((name) => endpointOf(env, name).configure(endpoint)))
}

export function readEndpoint(env: Env, id: EndpointId): Promise<Endpoint | undefined> {
  return findEndpoint(env.DB, id)
}

function makeApiFor(env: Env): Api {
  const { sealer, checkTarget, readBody } = settingsOf(env)
  return makeApi({
    clock: systemClock,
    db: env.DB,
    logDb: env.LOG_DB,
    sealer,
    rootToken: env.HOOKWAY_ROOT_TOKEN,
    publish: async (tenantId, publications) => {
      await refreshUsage(env, tenantId)
      requireEvents(tenantId, publications.length)
      const masking = await tenantMasking(env, tenantId)
      const now = systemClock.now()
      return await publishEvents({ tenantId, publications, masking, now }, makeAcceptDeps(env))
    },
    tell: (tenantId, event) => tell(env, tenantId, event),
    readEvent: async ({ intake, segment, index }, bodyKey) => {
      const record = await intakeOf(env, intake).read(segment, index)
      if (record === null) return undefined
      const event = decodeEvent(record)
      if (bodyKey === null) return event
      const body = await readBody(bodyKey)
      return body && { ...event, body }
    },
    endpointChanged: (endpoint) => configureObjects(env, endpoint),
    readSegments: (intake, segments) => intakeOf(env, intake).readSegments(segments),
    readLargeBody: readBody,
    erasureCreated: (id) => beginErasure(env, id),
    endpointRemoved: async (endpoint) => {
      await Promise.all(objectNames(endpoint).map((name) => endpointOf(env, name).remove(endpoint)))
    },
    orderDelivery: (endpoint, order, delivery) => orderDelivery(env, endpoint, { order, delivery }),
    redeliver: (endpoint, again) => redeliver(env, endpoint, again),
    pullMessages: (endpoint, poll) => pullMessages(env, endpoint, poll),
    acknowledgeMessages: (endpoint, what) => acknowledgeMessages(env, endpoint, what),
    probe: (endpoint, request) => probeEndpoint(env, endpoint, request),
    endpointsWanting: (tenantId, events) => endpointsWanting(env, tenantId, events),
    // A queue that refuses is no reason to refuse: the sweep begins it within a minute.
    replayCreated: (replayId) => env.REPLAY.send({ replayId }).then(noop, noop),
    sourceChanged: forgetSource,
    sourceReads,
    billed: billedHere,
    checkTarget: async (url) => {
      const checked = await checkTarget(url)
      return checked.ok ? ok(undefined) : checked
    },
    send: makeSend(env),
    ingestUrl: (sourceId, requestUrl) => new URL(`/in/${sourceId}`, requestUrl).href,
    knownProvider: (slug) => {
      const provider = findProvider(slug)
      if (!provider) return undefined
      const { secret, config } = provider
      // One of ours would verify nothing.
      const isTheirs = secret?.handedOver === true || (findRegistration(slug)?.secret.from ?? 'us') !== 'us'
      const configSchemas = config ? [commonConfigSchema, config] : [commonConfigSchema]
      return { needsSecret: secret !== undefined && !isTheirs, configSchemas }
    },
    rules: rulesOf(env),
    subscriptionFixed: (of) => release(env, of, makeRouteDeps(env)),
    reportError: (error, requestId) => {
      const detail = error instanceof Error ? error.message.slice(0, 300) : 'unknown'
      // oxlint-disable-next-line no-console -- the platform's log is where operators look
      console.error(JSON.stringify({ event: 'api.failed', requestId, detail }))
    },
  })
}

function noop(): void {}
