import { openSource, openTarget, pass, troubles, type Route, type Target } from '../route.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns, percentile, rateOf, ratioOf, rowOf } from '../stats.ts'
import type { World } from '../world.ts'

const GROUPS = 10
const GOOD_EACH = 9
/** They hang and fail all the time, six at once: by its defaults an endpoint would soon leave such a receiver alone. */
const RELENTLESS = {
  timeoutMs: 3_000,
  adaptive: false,
  circuit: { failures: 1_000, failingSeconds: 86_400 },
}
const WARM_SECONDS = 3
/** Of what the machine can do: at its limit the ratio would show the tenth more deliveries, which any neighbour causes. */
const SHARE_OF_CAPACITY = 0.25
const FLOOD = 100
const CONNECTIONS = 16
/** Enough samples that the slowest of a hundred is more than a single accident. */
const SLICES_LONG = 3

interface Group {
  good: Target[]
  bad: Target
  /** Of the good endpoints alone. */
  wellUrl: string
  /** Of the good ones and the bad one. */
  troubledUrl: string
}

/**
 * How much later the deliveries of ninety endpoints come when five others hang and five fail. The ninety are the same in
 * both halves, which take turns; the bad ones are paused while they are not wanted.
 */
export const hung: Scenario = {
  name: 'hung',
  about: '90 endpoints, with and without 5 that hang and 5 that fail beside them',
  async run(world, { seconds, rounds, hungRate }) {
    const groups = await Promise.all(Array.from({ length: GROUPS }, (_, at) => openGroup(world, at)))
    const targets = groups.map(({ good }) => good)
    const well: Route = {
      name: '90 endpoints, all well',
      server: 'ours',
      urls: groups.map(({ wellUrl }) => wellUrl),
      targets,
    }
    const troubled: Route = {
      ...well,
      name: 'the same, with 5 that hang and 5 that fail',
      urls: groups.map(({ troubledUrl }) => troubledUrl),
    }
    const halves = [well, troubled]
    const capacity = await capacityOf(world, well)
    const bearable = Math.floor((capacity * SHARE_OF_CAPACITY) / GOOD_EACH)
    const ratePerSecond = Math.max(1, Math.min(hungRate, bearable))
    const load = { connections: CONNECTIONS, ratePerSecond }
    const passes = await inTurns(rounds, halves, async (half) => {
      await letFail(world, groups, half === troubled)
      // Not counted: all objects wake, and the bad receivers begin to hang.
      await pass(world, half, { ...load, seconds: WARM_SECONDS })
      return pass(world, half, { ...load, seconds: seconds * SLICES_LONG })
    })
    const rows = halves.map(({ name }, at) => rowOf(name, passes[at] ?? []))
    const ratio = ratioOf(passes[1] ?? [], passes[0] ?? [], ({ latenciesMs }) =>
      percentile(latenciesMs, 0.99),
    )
    return [
      {
        title: `hung, ${ratePerSecond * GOOD_EACH} deliveries/s to ${GROUPS * GOOD_EACH} endpoints`,
        rows,
        facts: {
          [`deliveries/s, of ${FLOOD * GOOD_EACH} that were tried`]: capacity,
          ...troubles(passes.flat()),
        },
        goals: [
          { name: 'p99 with to p99 without', value: ratio, atMost: 1.2 },
          { name: 'lost or repeated', value: rows.reduce((n, { errors }) => n + errors, 0), atMost: 0 },
        ],
      },
    ]
  },
}

async function openGroup(world: World, at: number): Promise<Group> {
  const well = await openSource(world, `bench hung well ${at}`)
  const troubled = await openSource(world, `bench hung troubled ${at}`)
  const paths = Array.from({ length: GOOD_EACH }, (_, each) => `/good/${at}/${each}`)
  const sourceIds = [well.id, troubled.id]
  const good = await Promise.all(paths.map((path) => openTarget(world, path, { sourceIds })))
  const path = `/${at % 2 ? 'fail' : 'hang'}/${at}`
  const bad = await openTarget(world, path, { sourceIds: [troubled.id], state: 'paused', ...RELENTLESS })
  return { good, bad, wellUrl: well.url, troubledUrl: troubled.url }
}

/** Deliveries a second when more is sent than most machines bear; the first pass wakes all objects. */
async function capacityOf(world: World, route: Route): Promise<number> {
  const load = { connections: CONNECTIONS, seconds: WARM_SECONDS }
  await pass(world, route, { ...load, ratePerSecond: GROUPS })
  return rateOf(await pass(world, route, { ...load, ratePerSecond: FLOOD }))
}

async function letFail({ api }: World, groups: Group[], isWanted: boolean): Promise<void> {
  const state = isWanted ? 'active' : 'paused'
  await Promise.all(groups.map(({ bad }) => api.patch(`/v1/endpoints/${bad.endpointId}`, { state })))
}
