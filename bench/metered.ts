import { logged, loggedNow } from './disk.ts'
import { pass, type Load, type Passed, type Route } from './route.ts'
import type { World } from './world.ts'

export interface Metered extends Passed {
  /** Of all processes of the server, from the first event until the last is delivered and logged. */
  cpuMs: number
  /** Delivered, and not in the log in the end. */
  unlogged: number
}

export async function meteredPass(world: World, route: Route, how: Load): Promise<Metered> {
  const isOurs = route.server === 'ours'
  await world.quiet()
  const logsBefore = isOurs ? loggedNow(world, route) : 0
  const before = world.cpuMs[route.server]()
  const passed = await pass(world, route, how)
  const logs = isOurs ? (await logged(world, route, logsBefore + passed.count)) - logsBefore : passed.count
  await world.quiet()
  return { ...passed, cpuMs: world.cpuMs[route.server]() - before, unlogged: passed.count - logs }
}
