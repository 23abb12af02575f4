import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { SimReport } from '../sim/simulate.ts'
import { chaos, type ChaosReport } from './chaos.ts'

/** `npm run chaos -- [--kills 20] [--seed S] [--load 1] [--histories 20] [--json FILE]` */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Multiplies the load of about a hundred events a second. */
    load: { type: 'string', default: '1' },
    /** Simulated histories, for what no real process does on demand: clocks that jump, segments twice and out of order. */
    histories: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
})
const PROBLEMS_SHOWN = 20
/** As long as those of `npm test`. */
const HISTORY_STEPS = 100
const [seed, kills] = [Number(values.seed), Number(values.kills)]

console.log(`npm run chaos -- --kills ${kills} --seed ${seed}`)
const report = await chaos({ seed, kills, load: Number(values.load), print: (line) => console.log(line) })
printReport(report)
const simulation = simulate(Number(values.histories))
printSimulation(simulation)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...report, simulation }, undefined, 2)}\n`)
const isClean = report.isClean && simulation.failed === 0
console.log(isClean ? 'every promise was kept' : 'PROMISES WERE BROKEN')
process.exitCode = isClean ? 0 : 1

interface Simulation {
  histories: number
  failed: number
  /** Summed over all of them. */
  deliveries: number
  accidents: Partial<SimReport['accidents']>
}

function simulate(histories: number): Simulation {
  const script = fileURLToPath(new URL('../sim/run.ts', import.meta.url))
  const args = [
    script,
    '--seed',
    String(seed),
    '--seeds',
    String(histories),
    '--steps',
    String(HISTORY_STEPS),
  ]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (stderr) console.error(stderr)
  const reports = [...stdout.matchAll(/^seed \d+: (.+)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as SimReport,
  )
  const simulation: Simulation = {
    histories,
    failed: histories - reports.length,
    deliveries: 0,
    accidents: {},
  }
  for (const { deliveries, accidents } of reports) {
    simulation.deliveries += deliveries
    for (const [kind, count] of Object.entries(accidents) as [keyof typeof accidents, number][])
      simulation.accidents[kind] = (simulation.accidents[kind] ?? 0) + count
  }
  return simulation
}

function printReport(report: ChaosReport): void {
  const { lost, reordered, unlogged, split, unexpected, contradictions } = report
  const problems = { lost, reordered, unlogged, split, unexpected, contradictions }
  console.log(`\nseed ${report.seed}`)
  table([
    [
      'kills',
      report.kills,
      `${report.killedAtStart} while it started, ${report.runtimeOnly} of the runtime alone`,
    ],
    ['stalls', report.stalls],
    ['restarts of a receiver', report.receiverRestarts],
    ['pauses', report.pauses],
    ['events acknowledged', report.acknowledged],
    ['sent again after an answer', report.repeats],
    ['tries without success', report.failures],
    ['deliveries expected', report.expected],
    ['requests at receivers', report.requests],
    ['lost', lost.length],
    ['duplicated', report.duplicated, `each under its first webhook-id; one came ${report.takenMost} times`],
    ['reordered', reordered.length],
    ['unlogged', unlogged.length],
    ['under two ids', split.length + contradictions.length],
    ['unexpected', unexpected.length],
    ['seconds', report.seconds, `${report.settledSeconds} from the last kill to the last delivery`],
  ])
  for (const [kind, list] of Object.entries(problems))
    for (const problem of list.slice(0, PROBLEMS_SHOWN)) console.log(`${kind}: ${problem}`)
}

function printSimulation({ histories, failed, deliveries, accidents }: Simulation): void {
  console.log('')
  table([
    ['simulated histories', histories, `${failed} failed`],
    ['deliveries in them', deliveries],
    ['crashes', accidents.crashes ?? 0],
    ['jumps of the clock', accidents.clockJumps ?? 0],
    ['calls or answers lost', accidents.callsLost ?? 0],
    ['segments handed over again', accidents.segmentsAgain ?? 0],
    ['queue messages lost', accidents.messagesLost ?? 0],
    ['queue messages twice', accidents.messagesTwice ?? 0],
  ])
}

function table(rows: [name: string, count: number, note?: string][]): void {
  for (const [name, count, note = ''] of rows)
    console.log(`${name.padEnd(30)}${String(count).padStart(10)}  ${note}`.trimEnd())
}
