import { pageEndpointObjects, tenantsOfEndpoints } from './db/endpoints.ts'
import { expireKeys } from './db/idempotency.ts'
import { pageIntakes } from './db/intakes.ts'
import { rollUpDay } from './db/metrics-rollup.ts'
import { getTenant } from './db/tenants.ts'
import type { EndpointId, TenantId } from './model/id.ts'
import { parseIntakeName } from './model/intake.ts'
import { endpointOfObject } from './model/shard.ts'
import { expiredBodies, expireLogs, pageRetentions } from './db/retention.ts'
import { pageAllSecrets } from './db/secrets.ts'
import { loadSweepCursor, saveSweepCursor } from './db/sweeps.ts'
import { pageAllTokens, pageSecrets, removeToken } from './db/watched.ts'
import { systemClock } from './model/clock.ts'
import { DAY_MS, hourOf } from './model/metrics.ts'
import { DEFAULT_TENANT } from './model/tenant.ts'
import { sweepErasures } from './erasing.ts'
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

/** The bucket deletes so many at once. */
const KEYS_MAX = 1_000

/** Everything that a minute's cron does. Each part goes on when another fails, and trouble is told to the operator's tenant. */
export async function runSweeps(env: Env): Promise<void> {
  const parts = await Promise.allSettled([
    sweep(makeSweepDeps(env)),
    expire(makeExpireDeps(env)),
    watch(makeWatchDeps(env)),
    sweepReplays(makeReplayDeps(env)),
    sweepHolds(makeHoldsDeps(env, makeRouteDeps(env))),
    sweepErasures(env),
  ])
  const [swept] = parts
  const failed = swept.status === 'fulfilled' ? swept.value.failed : 0
  const names = ['sweep', 'expire', 'watch', 'replays', 'holds', 'erasures'].filter(
    (_, i) => parts[i]?.status === 'rejected',
  )
  if (failed === 0 && names.length === 0) return
  const key = String(hourOf(systemClock.now()))
  const data = { objectsNotReached: failed, failed: names }
  await tell(env, DEFAULT_TENANT, { type: 'hookway.sweep.failing', key, data })
}

export function makeSweepDeps(env: Env): SweepDeps {
  const retention = makeRetention(env)
  let tenants = new Map<EndpointId, TenantId>()
  return {
    pageIntakes: async (after, limit) =>
      (await pageIntakes(env.DB, { after, limit })).map(({ name }) => name),
    pageEndpoints: async (after, limit) => {
      const names = await pageEndpointObjects(env.DB, { after, limit })
      tenants = await tenantsOfEndpoints(env.DB, names.map(endpointOfObject))
      return names
    },
    checkIntake: async (name) => {
      const { tenantId } = parseIntakeName(name)
      const retentionMs = await retention(tenantId)
      await intakeOf(env, name).check(retentionMs ?? 0)
      // Of a tenant that was deleted nothing is kept; no other sweep knows of it any more.
      if (retentionMs === undefined) await expireTenant(env, tenantId, systemClock.now())
    },
    checkEndpoint: async (name) => {
      const tenantId = tenants.get(endpointOfObject(name))
      await endpointOf(env, name).check(tenantId && (await retention(tenantId)))
    },
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
    expireLogs: (tenantId, before) => expireTenant(env, tenantId, before),
    rollUpDay: (due) => rollUpDay(env.LOG_DB, due),
    expireKeys: (page) => expireKeys(env.DB, page),
    ...cursorsOf(env),
  }
}

/** For one run; undefined: there is no such tenant. */
function makeRetention(env: Env): (tenantId: TenantId) => Promise<number | undefined> {
  const known = new Map<TenantId, Promise<number | undefined>>()
  const read = async (id: TenantId) => {
    const tenant = await getTenant(env.DB, { id })
    return tenant && tenant.settings.retentionDays * DAY_MS
  }
  return (tenantId) => {
    const found = known.get(tenantId) ?? read(tenantId)
    known.set(tenantId, found)
    return found
  }
}

/** Bodies first: a row that is gone names none. */
async function expireTenant(env: Env, tenantId: TenantId, before: number): Promise<number> {
  const keys = await expiredBodies(env.LOG_DB, tenantId, before)
  for (let i = 0; i < keys.length; i += KEYS_MAX) await env.BODIES.delete(keys.slice(i, i + KEYS_MAX))
  return await expireLogs(env.LOG_DB, tenantId, before)
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
