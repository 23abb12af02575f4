import { now } from './event.ts'
import type { Sample } from './stats.ts'
import type { World } from './world.ts'

export interface Drained extends Sample {
  overtakings: number
}

const DRAINED_WITHIN_MS = 600_000

/** From the release of what waits to its last arrival. */
export async function drained(
  world: World,
  keys: string[],
  release: () => Promise<unknown>,
): Promise<Drained> {
  const begin = now()
  await release()
  const task = { op: 'take' as const, keys, withinMs: DRAINED_WITHIN_MS }
  const { at, missing, duplicates, overtakings } = await world.receiver.call(task)
  const latenciesMs = [...at.values()].map((time) => time - begin)
  return {
    count: latenciesMs.length,
    elapsedMs: latenciesMs.reduce((last, ms) => Math.max(last, ms), 0),
    latenciesMs,
    errors: missing.length + duplicates,
    overtakings,
  }
}
