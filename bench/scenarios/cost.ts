import { setTimeout as sleep } from 'node:timers/promises'
import { billSince, chargesOf, marginalDollars, monthlyDollars, type Bill } from '../../src/model/bill.ts'
import { readMeter } from '../billed.ts'
import { logged } from '../disk.ts'
import {
  arrived,
  openRoute,
  openSource,
  openTarget,
  taskOf,
  troubles,
  type Passed,
  type Route,
} from '../route.ts'
import type { Result, Scenario } from '../scenario.ts'
import { percentile, rowOf, sum } from '../stats.ts'
import type { World } from '../world.ts'

interface Load {
  title: string
  route: Route
  kinds?: string[]
  ratePerSecond: number
  goals: { perMillion?: number; rows?: number }
}

interface Measured {
  passed: Passed
  /** Acknowledged between the two readings of the meter. */
  events: number
  /** Arrived between them: as many, unless the machine falls behind or catches up. */
  arrivals: number
  bill: Bill
  unlogged: number
}

const ENDPOINTS = 50
const BUSY = { ratePerSecond: 100, concurrency: 60 }
const CONNECTIONS = 16
const NAME = 'hookway: durable, signed, retried, logged'
/** Outcomes are gathered for ten seconds on their way into the log; the load must have run for longer before it is steady. */
const WARM_SECONDS = 30
/** The load goes on for so long after the second reading. */
const TAIL_SECONDS = 3
const MONTH_EVENTS = 10e6
const D1_ROWS = 2.2

/** What the platform would bill for it, counted in the real server while it runs. */
export const cost: Scenario = {
  name: 'cost',
  about: 'what the platform would bill: 1/s to each of 50 endpoints, and 100/s to one',
  settings: { meter: 1 },
  async run(world, { costSeconds }) {
    const paths = Array.from({ length: ENDPOINTS }, (_, at) => `/slow/${at}`)
    const loads: Load[] = [
      {
        title: `sparse, 1/s to each of ${ENDPOINTS} endpoints, by event type from one source`,
        ...(await routeByKind(world, paths)),
        ratePerSecond: ENDPOINTS,
        goals: { perMillion: 6, rows: D1_ROWS },
      },
      {
        title: `sparse, 1/s to each of ${ENDPOINTS} endpoints, each with a source of its own`,
        route: await openRoute(
          world,
          paths.map((path) => `${path}/own`),
        ),
        ratePerSecond: ENDPOINTS,
        goals: {},
      },
      {
        title: `busy, ${BUSY.ratePerSecond}/s to one endpoint`,
        route: await busyRoute(world),
        ratePerSecond: BUSY.ratePerSecond,
        goals: { perMillion: 3, rows: D1_ROWS },
      },
    ]
    const results: Result[] = []
    for (const load of loads) results.push(resultOf(load, await measure(world, load, costSeconds)))
    return results
  },
}

/** Between two readings under a steady load: what is under way at the one is as much as at the other. */
async function measure(
  world: World,
  { route, kinds, ratePerSecond }: Load,
  seconds: number,
): Promise<Measured> {
  await world.quiet()
  const how = { connections: CONNECTIONS, ratePerSecond, seconds: WARM_SECONDS + seconds + TAIL_SECONDS }
  const task = { ...taskOf(world, route, how), ...(kinds && { kinds }) }
  const sending = world.load.call(task)
  await sleep(WARM_SECONDS * 1000)
  const before = await readMeter(world)
  await sleep(seconds * 1000)
  const after = await readMeter(world)
  const sent = await sending
  const passed = await arrived(world, route, sent)
  const isBetween = (at: number) => at >= before.at && at < after.at
  // Times and latencies are in the order of the answers.
  const acknowledgedAt = [...sent.sentAt.values()].map((at, n) => at + (sent.latenciesMs[n] ?? 0))
  return {
    passed,
    events: acknowledgedAt.filter(isBetween).length,
    arrivals: [...passed.arrivedAt.values()].filter(isBetween).length,
    bill: billSince(before.bill, after.bill),
    unlogged: passed.count - (await logged(world, route, passed.count)),
  }
}

function resultOf({ title, route, goals }: Load, measured: Measured): Result {
  const { passed, events, arrivals, bill, unlogged } = measured
  const perMillion = marginalDollars(bill, events)
  const d1Rows = sum(bill.filter(({ operation }) => operation === 'd1RowsWritten').map(({ count }) => count))
  const lines = chargesOf(bill, events).map(({ part, operation, perEvent, perMillion: dollars, share }) => ({
    name: `${part}: ${wordsOf(operation)}`,
    cells: [perEvent, dollars, share * 100],
  }))
  return {
    title,
    rows: [rowOf(route.name, [passed], { 'ack p50 ms': percentile(passed.sent.latenciesMs, 0.5) })],
    details: { heads: ['an event', '$ a million', '% of it'], lines },
    facts: {
      ...troubles([passed]),
      'events acknowledged while it was counted': events,
      'events that arrived while it was counted': arrivals,
      '$ a million more': perMillion.toFixed(2),
      '$ a month with 10 million': monthlyDollars(bill, { events, inMonth: MONTH_EVENTS }).toFixed(2),
      'rows of D1 written for an event': d1Rows / events,
    },
    goals: [
      { name: 'lost or repeated', value: passed.errors, atMost: 0 },
      { name: 'not logged', value: unlogged, atMost: 0 },
      ...(goals.perMillion ? [{ name: '$ a million', value: perMillion, atMost: goals.perMillion }] : []),
      ...(goals.rows ? [{ name: 'rows of D1 an event', value: d1Rows / events, atMost: goals.rows }] : []),
    ],
  }
}

async function routeByKind(world: World, paths: string[]): Promise<{ route: Route; kinds: string[] }> {
  const source = await openSource(world, 'bench by kind')
  const kinds = paths.map((_, at) => `kind_${at}`)
  const targets = []
  // A kind of GitHub and the body's action make the type of the event.
  for (const [at, path] of paths.entries())
    targets.push([
      await openTarget(world, path, { eventTypes: [`${kinds[at]}.created`], sourceIds: [source.id] }),
    ])
  return { route: { name: NAME, server: 'ours', urls: [source.url], targets }, kinds }
}

async function busyRoute(world: World): Promise<Route> {
  const source = await openSource(world, 'bench busy')
  const settings = { sourceIds: [source.id], concurrency: BUSY.concurrency }
  const target = await openTarget(world, '/slow/busy', settings)
  return { name: NAME, server: 'ours', urls: [source.url], targets: [[target]] }
}

/** `objectRowsWritten` as `object rows written`. */
function wordsOf(operation: string): string {
  return operation.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
