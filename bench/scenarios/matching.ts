import { encodeEvent, packRecords } from '../../src/model/event.ts'
import { subscriptionSettingsSchema } from '../../src/model/subscription.ts'
import { buildRoutingTable, type RoutedSubscription } from '../../src/route/match.ts'
import { planRoutes } from '../../src/route/plan.ts'
import { sift } from '../../src/route/sift.ts'
import { now } from '../event.ts'
import type { Result } from '../scenario.ts'
import { inTurns, ratioOf, rowOf, type Sample } from '../stats.ts'

const MATCHING = 10
const COUNTS = [MATCHING, 10_000]
const EVENTS = 2_000

/** The cost of matching when few of a tenant's subscriptions want an event, and when it has no others. */
export async function matching(rounds: number): Promise<Result> {
  const tables = COUNTS.map((count) =>
    buildRoutingTable(Array.from({ length: count }, (_, at) => subscription(at))),
  )
  for (const table of tables) slice(table)
  const samples = await inTurns(rounds, tables, async (table) => slice(table))
  const rows = COUNTS.map((count, at) =>
    rowOf(`${MATCHING} matching of ${count} subscriptions`, samples[at] ?? []),
  )
  const ratio = ratioOf(samples[1] ?? [], samples[0] ?? [])
  return {
    title: 'matching, an event at a time',
    rows,
    // As many subscriptions match: the others must cost next to nothing.
    goals: [{ name: 'events/s among 10,000 to events/s among 10', value: ratio, atLeast: 0.7 }],
  }
}

function slice(table: ReturnType<typeof buildRoutingTable>): Sample {
  const latenciesMs: number[] = []
  const begin = now()
  for (let i = 0; i < EVENTS; i++) {
    const at = now()
    const handOver = handOverOf(i)
    const { decisions } = sift(handOver, table, { now: 0 })
    if (planRoutes(handOver, table, undefined, decisions).batches.size !== MATCHING)
      throw new Error('unmatched')
    latenciesMs.push(now() - at)
  }
  return { count: EVENTS, elapsedMs: now() - begin, latenciesMs, errors: 0 }
}

/** The first few want the event, each with a filter; the others have types of their own. */
function subscription(at: number): RoutedSubscription {
  const isWanted = at < MATCHING
  const settings = { eventTypes: [isWanted ? 'bench.fanout' : `other.${at}`], filter: { n: { $gte: 0 } } }
  return {
    subscription: {
      ...subscriptionSettingsSchema.parse(settings),
      id: `sub_${at}`,
      tenantId: 'default',
      endpointId: `ep_${at}`,
      createdAt: 0,
    },
    endpointVersion: 1,
    endpoint: { ordering: 'none', orderingKey: null, concurrency: 1 },
  }
}

function handOverOf(n: number) {
  const body = new TextEncoder().encode(JSON.stringify({ n }))
  const record = encodeEvent({
    head: {
      id: `evt_${n}`,
      tenantId: 'default',
      sourceId: null,
      type: 'bench.fanout',
      receivedAt: 1,
      contentType: 'application/json',
      metadata: {},
      bodyBytes: body.byteLength,
    },
    body,
  })
  const segments = [{ segment: 1, records: packRecords([record]) }]
  return { intake: 'default/publish/enam', tenantId: 'default' as const, sourceId: null, segments }
}
