import { arrived, bareRoute, openRoute, pass, taskOf, troubles, type Passed, type Route } from '../route.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns, median, percentile, rowOf, type Sample } from '../stats.ts'
import type { World } from '../world.ts'

const FLOOD_CONNECTIONS = 256
/** Beside the flood, and before and after it: what another caller sees. */
const TRICKLE = { connections: 64, ratePerSecond: 50 }
const BEFORE_SECONDS = 5
const AFTER_SECONDS = 30
/** Back to normal: no later event takes longer than this many times the p99 before, or than so many ms. */
const NORMAL_TIMES = 2
const NORMAL_MS = 50

interface Burst extends Sample {
  before: number[]
  during: number[]
  after: number[]
  recoveredMs: number
  lost: number
  trouble: Record<string, number>
}

/** Idle, some seconds of more than fits, idle again. */
export const burst: Scenario = {
  name: 'burst',
  about: 'idle, 10 s of overload by 256 connections, idle: what is lost, and how long it shows',
  async run(world, { overloadSeconds, rounds }) {
    const routes = [bareRoute(world), await openRoute(world)]
    for (const route of routes) await pass(world, route, { connections: 16, seconds: 2, ratePerSecond: 100 })
    const bursts = await inTurns(rounds, routes, (route) => oneBurst(world, route, overloadSeconds))
    const rows = routes.map(({ name }, at) => {
      const own = bursts[at] ?? []
      const p99 = (of: (each: Burst) => number[]) => median(own.map((each) => percentile(of(each), 0.99)))
      return rowOf(name, own, {
        'before p99': p99(({ before }) => before),
        'during p99': p99(({ during }) => during),
        'after p99': p99(({ after }) => after),
        'recovered s': median(own.map(({ recoveredMs }) => recoveredMs)) / 1000,
        lost: own.reduce((total, { lost }) => total + lost, 0),
      })
    })
    return [
      {
        title: `burst, ${overloadSeconds} s by ${FLOOD_CONNECTIONS} connections (p50 and p99 of their acknowledgement)`,
        rows,
        facts: {
          'before, during, after': `from receipt to delivery of ${TRICKLE.ratePerSecond}/s beside the flood, ms`,
          ...troubles(bursts.flat()),
        },
        goals: [{ name: 'lost or repeated', value: rows[1]?.errors ?? Number.NaN, atMost: 0 }],
      },
    ]
  },
}

async function oneBurst(world: World, route: Route, seconds: number): Promise<Burst> {
  await world.quiet()
  const trickled = world.trickle.call(
    taskOf(world, route, { ...TRICKLE, seconds: BEFORE_SECONDS + seconds + AFTER_SECONDS }),
  )
  await new Promise((next) => setTimeout(next, BEFORE_SECONDS * 1000))
  const sent = await world.load.call(taskOf(world, route, { connections: FLOOD_CONNECTIONS, seconds }))
  const endedAt = sent.beganAt + sent.elapsedMs
  const trickle = await arrived(world, route, await trickled)
  const flood = await arrived(world, route, sent)
  return {
    count: sent.acknowledged,
    elapsedMs: sent.elapsedMs,
    latenciesMs: sent.latenciesMs,
    errors: flood.errors + trickle.errors,
    lost: sent.acknowledged - flood.count + trickle.sent.acknowledged - trickle.count,
    trouble: troubles([flood, trickle]),
    ...phases(trickle, sent.beganAt, endedAt),
  }
}

/** From receipt to delivery of the trickle, by when it was sent. */
function phases({ sent, arrivedAt }: Passed, beganAt: number, endedAt: number) {
  const events = [...sent.sentAt].flatMap(([id, at]) => {
    const arrival = arrivedAt.get(id)
    return arrival === undefined ? [] : [{ at, ms: arrival - at }]
  })
  const msOf = (from: number, to: number) =>
    events.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms)
  const before = msOf(0, beganAt)
  const normalMs = Math.max(NORMAL_MS, NORMAL_TIMES * percentile(before, 0.99))
  const slow = events.filter(({ at, ms }) => at >= endedAt && ms > normalMs)
  const recoveredAt = slow.reduce((last, { at }) => Math.max(last, at), endedAt)
  return {
    before,
    during: msOf(beganAt, endedAt),
    after: msOf(recoveredAt + 1, Infinity),
    recoveredMs: recoveredAt - endedAt,
  }
}
