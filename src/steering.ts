import type { ApiDeps } from './api/deps.ts'
import { clearFault, markFaulty } from './db/faults.ts'
import { forgetHeld, holdEvents, nextHolder, pageHeld } from './db/holds.ts'
import { findLookupEntries } from './db/lookup-tables.ts'
import { getSubscription } from './db/subscriptions.ts'
import { loadSweepCursor, saveSweepCursor } from './db/sweeps.ts'
import { settingsOf } from './env.ts'
import { systemClock } from './model/clock.ts'
import { encodeEvent } from './model/event.ts'
import type { TenantId } from './model/id.ts'
import { makeEnquirer } from './route/enquiry.ts'
import { releaseHeld, type Held, type ReleaseDeps } from './route/release.ts'
import type { RouteDeps } from './route/route.ts'
import type { Routed } from './route/plan.ts'
import { compileRule, ruleOf } from './route/rule.ts'
import type { RunScript } from './route/isolate.ts'
import { makeRemoteScriptRunner } from './route/remote-script.ts'
import { makeScriptRunner } from './route/script.ts'
import type { SteerDeps } from './route/steer.ts'
import { tryOut } from './route/trial.ts'
import type { HoldsDeps } from './sweep/holds.ts'

/** What only the local server binds: a runner of scripts in a process that it can kill. */
interface LocalBindings {
  RUNNER?: Fetcher
}

/** Pages of held events that one change of a subscription, or one visit of the sweep, routes. */
const PAGES_AT_ONCE = 10
/** A lookup table is believed for so long. */
const TABLE_MS = 10_000
const TABLES_MAX = 100

const known = new WeakMap<Env, SteerDeps>()

export function makeSteerDeps(env: Env): SteerDeps {
  const deps = known.get(env) ?? make(env)
  known.set(env, deps)
  return deps
}

/** What the API asks of the rules. */
export function rulesOf(env: Env): ApiDeps['rules'] {
  return {
    faultsOf: (rules) => compileRule(rules, 1).faults,
    tryOut: (subscription, event) => tryOut(subscription, event, makeSteerDeps(env)),
  }
}

/**
 * What a subscription makes of an event that is delivered to it once more. Its filters were asked when it was first
 * delivered. Undefined: it is dropped, or its rule fails.
 */
export async function remake(env: Env, route: Routed): Promise<Routed | undefined> {
  const { transform } = ruleOf(route.routed.subscription)
  if (transform === undefined) return route
  const deps = makeSteerDeps(env)
  const { head } = route.event
  const body = head.bodyKey === undefined ? route.event.body : await deps.readBody(head.bodyKey)
  const made = body && (await transform.run({ head, body }, deps))
  return made?.kind === 'event' ? { ...route, event: made.event, record: encodeEvent(made.event) } : undefined
}

/** Routes what a subscription holds, after its rule was changed. */
export async function release(env: Env, of: Held, deps: RouteDeps): Promise<void> {
  await releaseHeld(of, makeReleaseDeps(env, deps), PAGES_AT_ONCE)
}

export function makeHoldsDeps(env: Env, deps: RouteDeps): HoldsDeps {
  return {
    next: (after) => nextHolder(env.LOG_DB, after),
    async stateOf({ tenantId, subscriptionId }) {
      const found = await getSubscription(env.DB, { tenantId, id: subscriptionId })
      if (found === undefined) return 'gone'
      const isWaiting = found.settings.state === 'paused' || (found.fault && !found.fault.isReleasing)
      return isWaiting ? 'waiting' : 'ready'
    },
    release: (of) => release(env, of, deps),
    async forget(of) {
      await forgetHeld(env.LOG_DB, await pageHeld(env.LOG_DB, of, undefined, 1_000))
    },
    loadCursor: (list) => loadSweepCursor(env.DB, list),
    saveCursor: (list, cursor) => saveSweepCursor(env.DB, list, cursor, systemClock.now()),
  }
}

function makeReleaseDeps(env: Env, deps: RouteDeps): ReleaseDeps {
  return {
    ...deps,
    pageHeld: (of, after, limit) => pageHeld(env.LOG_DB, of, after, limit),
    forgetHeld: (items) => forgetHeld(env.LOG_DB, items),
    endRelease: ({ tenantId, subscriptionId: id }) => clearFault(env.DB, { tenantId, id }),
  }
}

function make(env: Env): SteerDeps {
  const { checkTarget, readBody } = settingsOf(env)
  const now = systemClock.now
  return {
    now,
    readBody,
    runScript: scriptRunnerOf(env),
    lookup: makeLookup(env),
    fetchJson: makeEnquirer({ fetch: (url, init) => fetch(url, init), checkTarget, now }),
    hold: (items) => holdEvents(env.LOG_DB, items),
    markFaulty: (subscription, fault) => markFaulty(env.DB, subscription, fault),
  }
}

function scriptRunnerOf(env: Env): RunScript {
  const { RUNNER }: LocalBindings & Env = env
  if (RUNNER) return makeRemoteScriptRunner((request) => RUNNER.fetch(request))
  return makeScriptRunner(env.LOADER)
}

function makeLookup(env: Env): SteerDeps['lookup'] {
  const tables = new Map<string, { entries: Map<string, unknown>; until: number }>()
  return async (tenantId, table, key) => {
    const name = `${tenantId}/${table}`
    const found = tables.get(name)
    if (found && found.until > systemClock.now()) return found.entries.get(key)
    const entries = await findLookupEntries(env.DB, tenantId as TenantId, table)
    if (tables.size >= TABLES_MAX) tables.clear()
    tables.set(name, { entries, until: systemClock.now() + TABLE_MS })
    return entries.get(key)
  }
}
