import { meteredPass } from '../metered.ts'
import { bareRoute, openRoute, pass, troubles } from '../route.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns, median, percentile, rowOf } from '../stats.ts'

const ENDPOINTS = 50
const LOAD = { connections: 16, ratePerSecond: ENDPOINTS }
const WARM_SECONDS = 3
const SLICES_LONG = 2

/** The quiet life of most relays: each of fifty endpoints gets one event a second, and nothing can share a batch. */
export const sparse: Scenario = {
  name: 'sparse',
  about: '1 event a second to each of 50 endpoints',
  async run(world, { seconds, rounds }) {
    const paths = Array.from({ length: ENDPOINTS }, (_, at) => `/sparse/${at}`)
    const routes = [bareRoute(world), await openRoute(world, paths)]
    for (const route of routes) await pass(world, route, { ...LOAD, seconds: WARM_SECONDS })
    const how = { ...LOAD, seconds: seconds * SLICES_LONG }
    const passes = await inTurns(rounds, routes, (route) => meteredPass(world, route, how))
    const rows = routes.map(({ name }, at) => {
      const own = passes[at] ?? []
      const acknowledged = (share: number) =>
        median(own.map(({ sent }) => percentile(sent.latenciesMs, share)))
      return rowOf(name, own, {
        'ack p50 ms': acknowledged(0.5),
        'ack p99 ms': acknowledged(0.99),
        'CPU ms/event': median(own.map(({ cpuMs, count }) => cpuMs / count)),
      })
    })
    return [
      {
        title: `sparse, 1/s to each of ${ENDPOINTS} endpoints, from receipt to delivery`,
        rows,
        facts: troubles(passes.flat()),
        goals: [{ name: 'lost or repeated', value: rows[1]?.errors ?? Number.NaN, atMost: 0 }],
      },
    ]
  },
}
