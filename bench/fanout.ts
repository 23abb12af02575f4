import { createServer } from 'node:http'
import { readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeEvent, packRecords } from '../src/model/event.ts'
import { subscriptionSettingsSchema } from '../src/model/subscription.ts'
import { buildRoutingTable, type RoutedSubscription } from '../src/route/match.ts'
import { planRoutes } from '../src/route/plan.ts'
import { FANOUT } from '../src/route/route.ts'
import { sift } from '../src/route/sift.ts'
import { now } from './event.ts'
import { rowOf, type Row } from './stats.ts'
import type { World } from './world.ts'

const CREATED_AT_ONCE = 16
const ARRIVE_WITHIN_MS = 600_000
/** A message costs a write, a read and a delete. */
const OPERATIONS_PER_MESSAGE = 3
const MATCHING = 10
const MATCHED_EVENTS = 2_000

/** One event for so many endpoints, each with an object of its own, until the last receiver has it. */
export async function fanOut(world: World, endpoints: number): Promise<{ rows: Row[]; facts: Facts }> {
  const arrivals: number[] = []
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      arrivals.push(now())
      response.end('ok')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await makeEndpoints(world, endpoints, `http://127.0.0.1:${port}/`)
  const rows: Row[] = []
  let rowsAnEvent = 0
  // The first event finds objects that have never run; the others are what an endpoint's life is.
  for (const name of ['the first event', 'the second event']) {
    await world.quiet()
    const before = rowsIn(world)
    arrivals.length = 0
    const begin = now()
    await world.api.post('/v1/events', { type: 'bench.fanout', data: { n: rows.length } })
    while (arrivals.length < endpoints && now() - begin < ARRIVE_WITHIN_MS) await sleep(20)
    const latenciesMs = arrivals.map((at) => at - begin)
    const errors = endpoints - arrivals.length
    const sample = { count: arrivals.length, elapsedMs: latenciesMs.at(-1) ?? 0, latenciesMs, errors }
    rows.push(rowOf(`${name}, to ${endpoints} endpoints`, [sample]))
    await world.quiet()
    rowsAnEvent = rowsIn(world) - before
  }
  server.closeAllConnections()
  server.close()
  const messages = Math.ceil(endpoints / FANOUT.pageEndpoints)
  const operations = messages * OPERATIONS_PER_MESSAGE
  return { rows, facts: { endpoints, messages, queueOperations: operations, objectRowsAnEvent: rowsAnEvent } }
}

export type Facts = Record<string, number>

/** The cost of matching when few of a tenant's subscriptions want an event, and when it has no others. */
export function matching(): Row[] {
  return [MATCHING, 10_000].map((count) => {
    const table = buildRoutingTable(Array.from({ length: count }, (_, at) => subscription(at)))
    const latenciesMs: number[] = []
    const begin = now()
    for (let i = 0; i < MATCHED_EVENTS; i++) {
      const at = now()
      const handOver = handOverOf(i)
      const { decisions } = sift(handOver, table, { now: 0 })
      if (planRoutes(handOver, table, undefined, decisions).batches.size !== MATCHING)
        throw new Error('unmatched')
      latenciesMs.push(now() - at)
    }
    const sample = { count: MATCHED_EVENTS, elapsedMs: now() - begin, latenciesMs, errors: 0 }
    return rowOf(`${MATCHING} matching of ${count} subscriptions`, [sample])
  })
}

async function makeEndpoints({ api }: World, count: number, url: string): Promise<void> {
  let next = 0
  const workers = Array.from({ length: CREATED_AT_ONCE }, async () => {
    for (let at = next++; at < count; at = next++) {
      await api.post('/v1/endpoints', { name: `fanout ${at}`, url, eventTypes: ['bench.fanout'] })
    }
  })
  await Promise.all(workers)
}

/** Rows in the journals of all endpoint objects on disk. */
function rowsIn({ dataDir }: World): number {
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  let rows = 0
  for (const file of files.filter((name) => /EndpointObject.*\.sqlite$/.test(name))) {
    const database = new DatabaseSync(join(dataDir, file), { readOnly: true })
    const tables = database.prepare(`SELECT name FROM sqlite_master WHERE name LIKE 'journal_%'`).all()
    for (const { name } of tables) {
      rows += Number(database.prepare(`SELECT count(*) AS n FROM "${String(name)}"`).get()?.['n'] ?? 0)
    }
    database.close()
  }
  return rows
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
