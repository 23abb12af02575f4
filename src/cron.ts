import { pageEndpointObjects } from './db/endpoints.ts'
import { expireKeys } from './db/idempotency.ts'
import { pageIntakes } from './db/intakes.ts'
import { rollUpDay } from './db/metrics-rollup.ts'
import { expireLogs, pageRetentions } from './db/retention.ts'
import { pageAllSecrets } from './db/secrets.ts'
import { loadSweepCursor, saveSweepCursor } from './db/sweeps.ts'
import { pageAllTokens, pageSecrets, removeToken } from './db/watched.ts'
import { systemClock } from './model/clock.ts'
import { hourOf } from './model/metrics.ts'
import { DEFAULT_TENANT } from './model/tenant.ts'
import { endpointOf, intakeOf } from './objects.ts'
import { tell } from './publish.ts'
import { sweepReplays } from './replay/consume.ts'
import { makeReplayDeps } from './replaying.ts'
import { sweepHolds } from './sweep/holds.ts'
import { makeHoldsDeps } from './steering.ts'
import { makeRouteDeps } from './wiring.ts'
import type { DeadDeps } from './sweep/dead.ts'
import { expire, type ExpireDeps } from './sweep/expire.ts'
import { sweep, type SweepDeps } from './sweep/sweep.ts'
import { watch, type WatchDeps } from './sweep/watch.ts'

/** Everything that a minute's cron does. Each part goes on when another fails, and trouble is told to the operator's tenant. */
export async function runSweeps(env: Env): Promise<void> {
  const parts = await Promise.allSettled([
    sweep(makeSweepDeps(env)),
    expire(makeExpireDeps(env)),
    watch(makeWatchDeps(env)),
    sweepReplays(makeReplayDeps(env)),
    sweepHolds(makeHoldsDeps(env, makeRouteDeps(env))),
  ])
  const [swept] = parts
  const failed = swept.status === 'fulfilled' ? swept.value.failed : 0
  const names = ['sweep', 'expire', 'watch', 'replays', 'holds'].filter(
    (_, i) => parts[i]?.status === 'rejected',
  )
  if (failed === 0 && names.length === 0) return
  const key = String(hourOf(systemClock.now()))
  const data = { objectsNotReached: failed, failed: names }
  await tell(env, DEFAULT_TENANT, { type: 'hookway.sweep.failing', key, data })
}

export function makeSweepDeps(env: Env): SweepDeps {
  return {
    pageIntakes: async (after, limit) =>
      (await pageIntakes(env.DB, { after, limit })).map(({ name }) => name),
    pageEndpoints: (after, limit) => pageEndpointObjects(env.DB, { after, limit }),
    checkIntake: async (name) => {
      await intakeOf(env, name).check()
    },
    checkEndpoint: (name) => endpointOf(env, name).check(),
    ...cursorsOf(env),
  }
}

export function makeDeadDeps(env: Env): DeadDeps {
  return {
    log: async (message, delaySeconds) => {
      await env.LOG.send(message, { delaySeconds })
    },
    tell: (event) => tell(env, DEFAULT_TENANT, event),
    now: () => systemClock.now(),
  }
}

function makeExpireDeps(env: Env): ExpireDeps {
  return {
    now: () => systemClock.now(),
    pageRetentions: (after, limit) => pageRetentions(env.DB, { after, limit }),
    expireLogs: (tenantId, before) => expireLogs(env.LOG_DB, tenantId, before),
    rollUpDay: (due) => rollUpDay(env.LOG_DB, due),
    expireKeys: (page) => expireKeys(env.DB, page),
    ...cursorsOf(env),
  }
}

function cursorsOf(env: Env): Pick<SweepDeps, 'loadCursor' | 'saveCursor'> {
  return {
    loadCursor: (list) => loadSweepCursor(env.DB, list),
    saveCursor: (list, cursor) => saveSweepCursor(env.DB, list, cursor, systemClock.now()),
  }
}

function makeWatchDeps(env: Env): WatchDeps {
  return {
    now: () => systemClock.now(),
    pageSources: (after, limit) => pageSecrets(env.DB, 'sources', { after, limit }),
    pageEndpoints: (after, limit) => pageSecrets(env.DB, 'endpoints', { after, limit }),
    pageShared: async (after, limit) =>
      (await pageAllSecrets(env.DB, { after, limit })).map((secret) => ({
        ...secret,
        id: `${secret.tenantId} ${secret.name}`,
      })),
    pageTokens: (after, limit) => pageAllTokens(env.DB, { after, limit }),
    removeToken: (token) => removeToken(env.DB, token),
    tell: (tenantId, event) => tell(env, tenantId, event),
    ...cursorsOf(env),
  }
}
