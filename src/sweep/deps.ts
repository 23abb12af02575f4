import { pageEndpointIds } from '../db/endpoints.ts'
import { pageIntakes } from '../db/intakes.ts'
import { loadSweepCursor, saveSweepCursor } from '../db/sweeps.ts'
import type { Clock } from '../model/clock.ts'
import type { EndpointId } from '../model/id.ts'
import { endpointOf, intakeOf } from '../objects.ts'
import type { SweepDeps } from './sweep.ts'

export function makeSweepDeps(env: Env, clock: Clock): SweepDeps {
  return {
    pageIntakes: async (after, limit) =>
      (await pageIntakes(env.DB, { after, limit })).map(({ name }) => name),
    pageEndpoints: async (after, limit) => {
      const page = await pageEndpointIds(env.DB, { after: after as EndpointId | undefined, limit })
      return page.map(({ id }) => id)
    },
    checkIntake: async (name) => {
      await intakeOf(env, name).check()
    },
    checkEndpoint: async (name) => {
      await endpointOf(env, name).check()
    },
    loadCursor: (list) => loadSweepCursor(env.DB, list),
    saveCursor: (list, cursor) => saveSweepCursor(env.DB, list, cursor, clock.now()),
  }
}
