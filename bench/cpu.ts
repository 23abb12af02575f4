import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Linux counts in hundredths of a second. */
const MS_PER_TICK = 10
const QUIET_WITHIN_MS = 30_000
const QUIET_STEP_MS = 200
/** Processor time in one step that still counts as idle. */
const QUIET_MS = 10

/** Processor time that a process and all that it started have used so far; not a number where there is no `/proc`. */
export function cpuMsOf(pid: number): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf)
  const family = new Set([pid])
  let ms = 0
  // A process is younger than what started it, and its number is normally higher; two passes find the rest.
  for (let pass = 0; pass < 2; pass++)
    for (const each of processes) if (family.has(each.parent)) family.add(each.pid)
  for (const each of processes) if (family.has(each.pid)) ms += each.cpuMs
  return ms
}

/** Waits until a process and all that it started have done what they left for later; says how long that took. */
export async function quiet(pid: number): Promise<number> {
  const begin = Date.now()
  for (let before = cpuMsOf(pid); Date.now() - begin < QUIET_WITHIN_MS;) {
    if (Number.isNaN(before)) return sleep(2_000, 2_000) // not Linux: a guess
    await sleep(QUIET_STEP_MS)
    const after = cpuMsOf(pid)
    if (after - before <= QUIET_MS) break
    before = after
  }
  return Date.now() - begin - QUIET_STEP_MS
}

/** Fields 4, 14 and 15 (parent, user, system), counted behind the name in parentheses, which may hold anything. */
function statOf(pid: string): { pid: number; parent: number; cpuMs: number }[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
    return [{ pid: Number(pid), parent: Number(fields[1]), cpuMs }]
  } catch {
    return [] // it ended meanwhile
  }
}
