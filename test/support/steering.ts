import type { Fault } from '../../src/model/subscription.ts'
import type { HeldItem, SteerDeps } from '../../src/route/steer.ts'

/** Rules in a world without scripts, tables and networks. What is held and what is found faulty can be read. */
export function steering(now: () => number = () => 0, more: Partial<SteerDeps> = {}) {
  const held: HeldItem[] = []
  const faults: { id: string; fault: Fault }[] = []
  const deps: SteerDeps = {
    now,
    readBody: async () => undefined,
    runScript: () => Promise.reject(new Error('there are no scripts here')),
    lookup: async () => undefined,
    fetchJson: () => Promise.reject(new Error('there is no network here')),
    hold: async (items) => void held.push(...items),
    markFaulty: async ({ id }, fault) => void faults.push({ id, fault }),
    ...more,
  }
  return { deps, held, faults }
}
