import type { Hono } from 'hono'
import { makeApi } from './api/app.ts'
import { writeLog } from './db/log-writer.ts'
import { settingsOf } from './env.ts'
import { forgetSource, makeAcceptDeps } from './ingest/door.ts'
import { publishEvents } from './ingest/publish.ts'
import type { LogDeps } from './log/consume.ts'
import { systemClock } from './model/clock.ts'
import { decodeEvent } from './model/event.ts'
import { ok } from './model/result.ts'
import { endpointOf, intakeOf } from './objects.ts'
import { findProvider } from './providers/registry.ts'

type Api = Hono<{ Variables: { requestId: string } }>

const apis = new WeakMap<Env, Api>()

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
  }
}

function makeApiFor(env: Env): Api {
  const { sealer, checkTarget, readBody } = settingsOf(env)
  return makeApi({
    clock: systemClock,
    db: env.DB,
    logDb: env.LOG_DB,
    sealer,
    rootToken: env.HOOKWAY_ROOT_TOKEN,
    publish: (tenantId, publications) =>
      publishEvents({ tenantId, publications, now: systemClock.now() }, makeAcceptDeps(env)),
    readEvent: async ({ intake, segment, index }, bodyKey) => {
      const record = await intakeOf(env, intake).read(segment, index)
      if (record === null) return undefined
      const event = decodeEvent(record)
      if (bodyKey === null) return event
      const body = await readBody(bodyKey)
      return body && { ...event, body }
    },
    endpointChanged: async (endpoint) => {
      await endpointOf(env, endpoint.id).configure(endpoint)
    },
    endpointRemoved: async (endpoint) => {
      await endpointOf(env, endpoint.id).remove(endpoint)
    },
    sourceChanged: forgetSource,
    checkTarget: async (url) => {
      const checked = await checkTarget(url)
      return checked.ok ? ok(undefined) : checked
    },
    ingestUrl: (sourceId, requestUrl) => new URL(`/in/${sourceId}`, requestUrl).href,
    knownProvider: (slug) => {
      const provider = findProvider(slug)
      return provider && { needsSecret: provider.secret !== undefined }
    },
    reportError: (error, requestId) => {
      const detail = error instanceof Error ? error.message.slice(0, 300) : 'unknown'
      // oxlint-disable-next-line no-console -- the platform's log is where operators look
      console.error(JSON.stringify({ event: 'api.failed', requestId, detail }))
    },
  })
}
