import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { diceOf, type Dice } from '../support/random.ts'
import type { SenderReport } from './sender.ts'
import { Setting } from './setting.ts'
import { isClean, judge, openIn, type Verdict } from './verdict.ts'

export interface ChaosOptions {
  seed: number
  kills: number
  /** Multiplies the load. */
  load?: number
  print?(line: string): void
}

export interface ChaosReport extends Verdict {
  seed: number
  kills: number
  /** Of the kills, those that hit a server which was just starting. */
  killedAtStart: number
  /** And those that hit the runtime alone, which the server starts again. */
  runtimeOnly: number
  stalls: number
  receiverRestarts: number
  pauses: number
  /** Tries of the senders that brought no success. */
  failures: number
  repeats: number
  contradictions: string[]
  seconds: number
  settledSeconds: number
  isClean: boolean
}

type Counts = Pick<
  ChaosReport,
  'kills' | 'killedAtStart' | 'runtimeOnly' | 'stalls' | 'receiverRestarts' | 'pauses'
>

/** Pages of a lost fan-out are handed over again after two minutes; what brings nothing new for longer brings nothing. */
const SILENCE_MS = 200_000
const LOOK_EVERY_MS = 2_000
/** How long the server lives: hardly, for a moment, or long enough to forget nothing. */
const UP_MS = [
  [0, 300],
  [300, 5_000],
  [300, 5_000],
  [300, 5_000],
  [5_000, 15_000],
] as const
/** Short ones, and one in four that outlasts the deadlines of attempts. */
const STALL_MS = [
  [100, 2_000],
  [100, 2_000],
  [100, 2_000],
  [2_000, 20_000],
] as const
const LANES = { ordered: 6, regional: 6, broadcast: 1, published: 2, keyed: 2 }
const PAUSE_MS = { ordered: 150, regional: 150, broadcast: 3_000, published: 150, keyed: 300 }

/** One run: everything goes wrong for a while, then peace; then each acknowledged event must have come to its end. */
export async function chaos({ seed, kills, load = 1, print = () => {} }: ChaosOptions): Promise<ChaosReport> {
  const dir = mkdtempSync(join(tmpdir(), 'hookway-chaos-'))
  const setting = new Setting(dir, seed)
  const begin = performance.now()
  try {
    const secret = randomBytes(24).toString('hex')
    const { paths, urls, pausable } = await setting.setUp(secret)
    const { rootToken } = setting.victim
    const pauseMs = scaled(PAUSE_MS, load)
    await setting.sender.call({ op: 'start', seed, secret, rootToken, urls, lanes: LANES, pauseMs })
    const counts = await attack(setting, { dice: diceOf(seed), kills, pausable, print })
    const sent = (await setting.sender.call({ op: 'stop' })) as SenderReport
    print(`${sent.acknowledged.length} events acknowledged; waiting for the rest`)
    const peace = performance.now()
    const verdict = await settle(setting, (evidence) =>
      judge({ paths, acknowledged: sent.acknowledged, ...evidence }),
    )
    const { failures, repeats, contradictions } = sent
    return {
      seed,
      ...counts,
      ...verdict,
      failures,
      repeats,
      contradictions,
      seconds: secondsSince(begin),
      settledSeconds: secondsSince(peace),
      isClean: isClean(verdict) && contradictions.length === 0,
    }
  } finally {
    await setting.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Attack {
  dice: Dice
  kills: number
  pausable: string[]
  print(line: string): void
}

/** Kills the server so often, at moments that the dice choose, with other accidents in between. */
async function attack(setting: Setting, { dice, kills, pausable, print }: Attack): Promise<Counts> {
  const { victim } = setting
  const counts = { kills: 0, killedAtStart: 0, runtimeOnly: 0, stalls: 0, receiverRestarts: 0, pauses: 0 }
  const aside: Promise<unknown>[] = []
  while (counts.kills < kills) {
    if (dice.isHit(0.3)) {
      counts.receiverRestarts++
      await setting.loseReceiver()
      aside.push(sleep(dice.int(100, 3_000)).then(() => setting.returnReceiver()))
    }
    if (dice.isHit(0.3)) {
      counts.pauses++
      aside.push(pauseAll(setting, pausable, dice.int(500, 4_000)))
    }
    await sleep(within(dice, UP_MS))
    if (dice.isHit(0.3)) {
      counts.stalls++
      await victim.stall(within(dice, STALL_MS))
      await sleep(dice.int(0, 500))
    }
    if (dice.isHit(0.2)) victim.crashScripts()
    if (dice.isHit(0.25)) {
      await victim.crash()
      counts.runtimeOnly++
    } else {
      await victim.kill({ runtimeFirst: dice.isHit(0.5) })
      if (counts.kills + 1 < kills && dice.isHit(0.2)) {
        await victim.startAndKill(dice.int(100, 2_500))
        counts.kills++
        counts.killedAtStart++
      }
      await victim.start()
    }
    counts.kills++
    await Promise.all(aside.splice(0))
    const count = (await setting.sender.call({ op: 'count' })) as number
    print(`killed ${counts.kills} of ${kills} times; ${count} events acknowledged`)
  }
  return counts
}

/** A number from one of the ranges. */
function within(dice: Dice, ranges: typeof UP_MS | typeof STALL_MS): number {
  const [least, most] = dice.pick(ranges)
  return dice.int(least, most)
}

/** Through any accident: who pauses an endpoint asks until it is told that it was done. */
async function pauseAll({ call }: Setting, endpointIds: readonly string[], ms: number): Promise<void> {
  const setAll = (state: string) =>
    Promise.all(
      endpointIds.map(async (id) => {
        while (!(await call('PATCH', `/endpoints/${id}`, { state }).catch(() => undefined))) await sleep(100)
      }),
    )
  await setAll('paused')
  await sleep(ms)
  await setAll('active')
}

type Gathered = Pick<Parameters<typeof judge>[0], 'arrivals' | 'rows' | 'events'>

/** Looks until nothing is open, or nothing has changed for so long that nothing will. */
async function settle(setting: Setting, judged: (evidence: Gathered) => Verdict): Promise<Verdict> {
  let last = ''
  let changedAt = performance.now()
  for (;;) {
    const evidence = {
      arrivals: setting.arrivals(),
      rows: await setting.rows(),
      events: await setting.events(),
    }
    const verdict = judged(evidence)
    if (openIn(verdict) === 0) return verdict
    const now = `${verdict.requests} ${openIn(verdict)}`
    if (now !== last) changedAt = performance.now()
    else if (performance.now() - changedAt > SILENCE_MS) return verdict
    last = now
    await sleep(LOOK_EVERY_MS)
  }
}

function scaled<K extends string>(pauses: Record<K, number>, load: number): Record<K, number> {
  const entries = Object.entries<number>(pauses).map(([origin, ms]) => [origin, Math.round(ms / load)])
  return Object.fromEntries(entries) as Record<K, number>
}

function secondsSince(begin: number): number {
  return Math.round((performance.now() - begin) / 1000)
}
