import { meteredPass } from '../metered.ts'
import type { Options } from '../options.ts'
import { bareRoute, openRoute, pass, troubles, type Passed, type Route } from '../route.ts'
import type { Result, Scenario } from '../scenario.ts'
import { inTurns, median, rowOf, sum } from '../stats.ts'
import type { World } from '../world.ts'

const CONNECTIONS = 64
const WARM = { connections: CONNECTIONS, seconds: 2, ratePerSecond: 200 }
/** Busy, and far from the limit. */
const CPU_RATE = 400
const LATE_MS = 5_000

/** From the first byte sent to the receiver's own clock. */
export const e2e: Scenario = {
  name: 'e2e',
  about: 'from receipt to delivery: latency, a rate kept up, processor time',
  async run(world, options) {
    const routes = [bareRoute(world), await openRoute(world)]
    for (const route of routes) await pass(world, route, WARM)
    return [
      await latency(world, routes, options),
      await sustained(world, routes, options),
      await processorTime(world, routes, options),
    ]
  },
}

async function latency(world: World, routes: Route[], { rate, seconds, rounds }: Options): Promise<Result> {
  const how = { connections: CONNECTIONS, seconds, ratePerSecond: rate }
  const passes = await inTurns(rounds, routes, (route) => pass(world, route, how))
  const rows = routes.map(({ name }, at) => rowOf(name, passes[at] ?? []))
  const ours = rows.at(-1)
  return {
    title: `e2e, from receipt to delivery at ${rate}/s`,
    rows,
    facts: troubles(passes.flat()),
    goals: [
      { name: 'p50 ms', value: ours?.p50Ms ?? Number.NaN, atMost: 10 },
      { name: 'p99 ms', value: ours?.p99Ms ?? Number.NaN, atMost: 50 },
    ],
  }
}

/** Kept up: what came out each second is what went in, so that the last event is as fast as the first. */
async function sustained(world: World, routes: Route[], options: Options): Promise<Result> {
  const { sustained: rate, sustainedSeconds: seconds, rounds } = options
  const how = { connections: CONNECTIONS, seconds, ratePerSecond: rate }
  const passes = await inTurns(rounds, routes, (route) => pass(world, route, how))
  const worst = (each: Passed[]) => Math.max(...each.map(({ latenciesMs }) => maxOf(latenciesMs)))
  const late = (each: Passed[]) =>
    each.flatMap(({ latenciesMs }) => latenciesMs).filter((ms) => ms > LATE_MS).length
  const rows = routes.map(({ name }, at) =>
    rowOf(name, passes[at] ?? [], {
      'worst ms': worst(passes[at] ?? []),
      'over 5 s': late(passes[at] ?? []),
    }),
  )
  const ours = rows.at(-1)
  return {
    title: `e2e, ${rate}/s for ${seconds} s`,
    rows,
    facts: troubles(passes.flat()),
    goals: [
      { name: 'p99 ms', value: ours?.p99Ms ?? Number.NaN, atMost: 1_000 },
      { name: 'the slowest, ms', value: ours?.more?.['worst ms'] ?? Number.NaN, atMost: LATE_MS },
      { name: 'lost or repeated', value: ours?.errors ?? Number.NaN, atMost: 0 },
    ],
  }
}

/** Of all processes of a server, from the first event to the moment when the last is delivered and logged. */
async function processorTime(world: World, routes: Route[], { seconds, rounds }: Options): Promise<Result> {
  const how = { connections: CONNECTIONS, seconds, ratePerSecond: CPU_RATE }
  const passes = await inTurns(rounds, routes, (route) => meteredPass(world, route, how))
  const costs = (at: number) => (passes[at] ?? []).map(({ cpuMs, count }) => cpuMs / count)
  return {
    title: `e2e, processor time at ${CPU_RATE}/s, receiver and generator left out`,
    rows: routes.map(({ name }, at) => rowOf(name, passes[at] ?? [], { 'CPU ms/event': median(costs(at)) })),
    facts: {
      ...troubles(passes.flat()),
      'not in the log': sum(passes.flat().map(({ unlogged }) => unlogged)),
    },
    goals: [{ name: 'CPU ms for an event, logged', value: median(costs(routes.length - 1)), atMost: 1.5 }],
  }
}

function maxOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}
