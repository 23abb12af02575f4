import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { endToEnd, openRoutes } from './e2e.ts'
import { fanOut, matching, type Facts } from './fanout.ts'
import { hung } from './hung.ts'
import { ingest } from './ingest.ts'
import { keys } from './keys.ts'
import { printTable, type Row } from './stats.ts'
import { openWorld, type World } from './world.ts'

interface Result {
  scenario: string
  rows: Row[]
  facts?: Facts
}

/** `npm run bench -- [ingest] [e2e] [fanout] [hung] [keys] [--json FILE] [--connections 16,64,256] [--seconds 3] [--rounds 3] [--rate 50] [--endpoints 10000] [--deliveries 10000] [--concurrency 6]` */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    /** A list: each number of connections is a run of its own. */
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '50' },
    endpoints: { type: 'string', default: '10000' },
    deliveries: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '6' },
  },
})

const connections = values.connections.split(',').map(Number)
const common = { seconds: Number(values.seconds), rounds: Number(values.rounds) }
const SCENARIOS: Record<string, (world: World) => Promise<Result[]>> = {
  ingest: async (world) => {
    const results: Result[] = []
    for (const each of connections) {
      const rows = await ingest(world, { ...common, connections: each })
      results.push({ scenario: `ingest, ${each} connections`, rows })
    }
    return results
  },
  e2e: async (world) => {
    const ratePerSecond = Number(values.rate)
    const routes = await openRoutes(world)
    const paced = await endToEnd(world, routes, { ...common, connections: 64, ratePerSecond })
    const most = await endToEnd(world, routes, { ...common, connections: 64 })
    return [
      { scenario: `e2e, from receipt to delivery at ${ratePerSecond}/s`, rows: paced },
      { scenario: 'e2e, as many as go through, time in the queue included', rows: most },
    ]
  },
  fanout: async (world) => {
    const endpoints = Number(values.endpoints)
    return [
      { scenario: 'matching, an event at a time', rows: matching() },
      { scenario: 'fanout, from publishing to each receiver', ...(await fanOut(world, endpoints)) },
    ]
  },
  hung: async (world) => {
    // Nine or ten deliveries for each event: more would measure the machine's limit and not the neighbours.
    const rows = await hung(world, { ...common, ratePerSecond: Math.ceil(Number(values.rate) / 10) })
    return [{ scenario: 'hung neighbours, ratio of p99', rows }]
  },
  keys: async (world) => {
    const concurrency = Number(values.concurrency)
    const rows = await keys(world, { deliveries: Number(values.deliveries), concurrency })
    return [{ scenario: `a backlog by keys, ${concurrency} at once`, rows }]
  },
}

/** Without a name: what fits into two minutes. */
const DEFAULT = ['ingest', 'e2e']
const chosen = positionals.length ? positionals : DEFAULT
const unknown = chosen.filter((name) => !SCENARIOS[name])
if (unknown.length) {
  console.error(`No scenario ${unknown.join(', ')}: choose from ${Object.keys(SCENARIOS).join(', ')}`)
  process.exit(1)
}

const world = await openWorld()
const results: Result[] = []
try {
  for (const name of chosen) {
    const measured = (await SCENARIOS[name]?.(world)) ?? []
    for (const { scenario, rows, facts } of measured) {
      printTable(scenario, rows)
      if (facts) console.log(JSON.stringify(facts))
    }
    results.push(...measured)
  }
} finally {
  await world.close()
}
const machine = { node: process.version, processors: cpus().length, model: cpus()[0]?.model }
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`)
