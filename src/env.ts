import { parseCidrs, type Cidr } from './model/address.ts'
import type { Bytes } from './model/bytes.ts'
import { systemClock } from './model/clock.ts'
import { makeBindingResolver, makeDnsResolver, makeTargetCheck, type CheckTarget } from './model/resolver.ts'
import { makeSealer, type Sealer } from './model/seal.ts'

/** What only the local server binds; a deployed Worker has none of it. */
interface LocalBindings {
  /** The machine's own resolver. */
  RESOLVER?: Fetcher
  /** `1`: the header `Hookway-Test-Now` sets the time at which a request is verified. */
  HOOKWAY_TEST_CLOCK?: string
  /** Endpoints that a fan-out may wake in a second. */
  HOOKWAY_FANOUT_PER_SECOND?: string
}

/** The settings of the Worker, parsed once in an isolate. */
export interface Settings {
  allowTargets: Cidr[]
  hasTestClock: boolean
  /** Endpoints that a fan-out may wake in a second; undefined: as many as there are. */
  fanoutPerSecond: number | undefined
  sealer: Sealer
  checkTarget: CheckTarget
  /** A body that is kept in object storage, or undefined when it is gone. */
  readBody(key: string): Promise<Bytes | undefined>
}

const known = new WeakMap<Env, Settings>()

/** Throws when a setting is malformed: better no answer than a guard that is open by a typing error. */
export function settingsOf(env: Env): Settings {
  const settings = known.get(env) ?? parse(env)
  known.set(env, settings)
  return settings
}

function parse(env: Env): Settings {
  const local: LocalBindings & Env = env
  const allowTargets = parseCidrs(env.HOOKWAY_ALLOW_TARGETS)
  const { RESOLVER } = local
  const now = systemClock.now
  const resolve = RESOLVER
    ? makeBindingResolver({ fetch: (url, init) => RESOLVER.fetch(url, init), now })
    : makeDnsResolver({ fetch: (url, init) => fetch(url, init), now })
  return {
    allowTargets,
    hasTestClock: local.HOOKWAY_TEST_CLOCK === '1',
    fanoutPerSecond: Number(local.HOOKWAY_FANOUT_PER_SECOND) || undefined,
    sealer: makeSealer(env.HOOKWAY_MASTER_KEY),
    checkTarget: makeTargetCheck({ allow: allowTargets, resolve }),
    readBody: async (key) => {
      const object = await env.BODIES.get(key)
      return object ? new Uint8Array(await object.arrayBuffer()) : undefined
    },
  }
}
