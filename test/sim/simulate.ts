import { deliveryIdOf, type DeliveryId } from '../../src/model/id.ts'
import { diceOf } from '../support/random.ts'
import type { Accidents } from './faults.ts'
import { Sim } from './sim.ts'
import { Workload } from './workload.ts'
import { World } from './world.ts'

export interface SimOptions {
  seed: number
  steps: number
  print?: (line: string) => void
}

export interface SimReport {
  hash: string
  turns: number
  acknowledged: number
  deliveries: number
  attempts: number
  /** Requests that carried several deliveries. */
  batches: number
  /** Of the relay's time. */
  seconds: number
  accidents: Accidents
}

const SETTLE_MS = 10_000
/** How long the sweep goes on after the last accident, until it has seen every object. */
const SWEEP_AFTER_MS = 300_000
/** Far more than what is left to do takes. */
const TURNS_AFTER_MAX = 200_000

/** One history: accidents for a while, then peace; then everything must have come to its end and be quiet. */
export async function simulate({ seed, steps, print }: SimOptions): Promise<SimReport> {
  const sim = new Sim(diceOf(seed), print)
  try {
    return await play(sim, steps)
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    throw new Error(`${sim.tail.join('\n')}\n\nseed ${seed}: ${message}`, { cause: error })
  }
}

async function play(sim: Sim, steps: number): Promise<SimReport> {
  const world = new World(sim)
  const workload = new Workload(world)
  for (let step = 0; step < steps; step++) {
    workload.step()
    const until = sim.elapsed + workload.pause()
    sim.in(until - sim.elapsed, 'step', () => undefined)
    await sim.runUntil(() => sim.elapsed >= until)
  }
  workload.resumeAll()
  await runFor(sim, SETTLE_MS)
  workload.calm()
  workload.sendLast()
  await runFor(sim, SETTLE_MS)
  workload.resumeDisabled()
  await runFor(sim, SWEEP_AFTER_MS)
  world.stopSweep()
  const last = sim.turns + TURNS_AFTER_MAX
  await sim.runUntil(() => sim.turns > last)
  if (sim.turns > last) throw new Error('it never comes to rest')
  checkEnd(world, workload)
  const tracked = [...world.ledger.deliveries.values()]
  return {
    hash: sim.hash,
    turns: sim.turns,
    acknowledged: world.ledger.acknowledged.size,
    deliveries: tracked.length,
    attempts: tracked.reduce((sum, { results }) => sum + results.size, 0),
    batches: world.ledger.batches.shared,
    seconds: Math.round(sim.elapsed / 1000),
    accidents: world.faults.accidents,
  }
}

async function runFor(sim: Sim, ms: number): Promise<void> {
  const until = sim.elapsed + ms
  sim.in(ms, 'wait', () => undefined)
  await sim.runUntil(() => sim.elapsed >= until)
}

/** What must be true when nothing moves any more. */
function checkEnd(world: World, workload: Workload): void {
  const { ledger, log } = world
  const problems: string[] = []
  const rows = new Map(log.rows().map((row) => [row.id, row]))
  const wanted = new Set<DeliveryId>()
  for (const { event, subscription } of workload.wanted()) {
    const id = deliveryIdOf(event, subscription.id)
    wanted.add(id)
    const tracked = ledger.deliveries.get(id)
    if (!tracked) problems.push(`I1: ${event} never reached ${subscription.endpointId}`)
    else if (!tracked.ended && !ledger.isBlocked(tracked)) problems.push(`I2: ${id} has not ended`)
  }
  for (const tracked of ledger.deliveries.values()) {
    const row = rows.get(tracked.id)
    rows.delete(tracked.id)
    // What was lent when its object died is routed anew, and its subscription has changed meanwhile.
    if (row === undefined && ledger.lent.has(tracked.id) && !wanted.has(tracked.id)) continue
    if (!tracked.ended) {
      if (!ledger.isBlocked(tracked)) problems.push(`I2: ${tracked.id} has not ended`)
      continue
    }
    if (row?.status !== 'delivered' && row?.status !== 'dead') {
      // Its outcome was lost in a crash, and what was repeated before it now blocks its key.
      if (ledger.isBlocked(tracked)) continue
      problems.push(`I9: the log says of ${tracked.id}, which is ${tracked.ended.as}: ${row?.status}`)
      continue
    }
    for (let attempt = 1; attempt <= Math.max(row.attempts, ...tracked.results.keys()); attempt++) {
      const result = row.log.get(attempt)
      if (result === undefined) problems.push(`I9: attempt ${attempt} of ${tracked.id} is not logged`)
      else if (!tracked.results.get(attempt)?.has(result))
        problems.push(`I9: attempt ${attempt} of ${tracked.id} is logged as ${result}`)
    }
    if (row.log.size > row.attempts) problems.push(`I9: ${tracked.id} has too many attempts in the log`)
  }
  for (const id of rows.keys()) problems.push(`I3: ${id} is in the log and was never accepted`)
  for (const { name, alarmAt, life } of world.hosts()) {
    if (alarmAt !== null) problems.push(`I4: ${name} is quiet and has an alarm`)
    if (life && life.timers > 0) problems.push(`${name} is quiet and has ${life.timers} timers`)
  }
  if (problems.length > 0) throw new Error(problems.slice(0, 20).join('\n'))
}
