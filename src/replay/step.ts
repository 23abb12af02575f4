import type { Replay } from '../model/replay.ts'
import type { ReplayId } from '../model/id.ts'

/** Rows of the log that one step hands over: well within what an invocation may do and one call may carry. */
const PAGE_ROWS = 100
/** With a rate a step takes this many seconds' worth, so that a slow replay is not one step for each delivery. */
const PACE_SECONDS = 5
/** A step that takes longer is taken for lost; its repeat adds nothing. */
export const LEASE_MS = 60_000
/** After a step that failed: what it needed may be back by then. */
const PAUSE_MS = 10_000

export interface Page<Row> {
  rows: Row[]
  /** Where the next page goes on; undefined: there is none. */
  next: string | undefined
}

export interface ReplayDeps<Row> {
  now(): number
  /** Takes the right to the next step for the lease; undefined: it has ended, or another has it. */
  claim(id: ReplayId, now: number): Promise<Replay | undefined>
  /** False: it was aborted, or another step took over. */
  save(replay: Replay, progress: Omit<Replay, 'updatedAt'>): Promise<boolean>
  select(replay: Replay, limit: number): Promise<Page<Row>>
  /** Gives the rows to their endpoints, each once however often it is repeated. `gone`: it can never go on. */
  handOver(replay: Replay, rows: Row[]): Promise<{ done: number; failed: number } | { gone: string }>
}

/**
 * One bounded step of a replay: hands a page over and keeps where it stands. What a step that was lost had handed
 * over is recognised when it is repeated. Answers after how many milliseconds the next step is due; undefined: none.
 */
export async function stepReplay<Row>(id: ReplayId, deps: ReplayDeps<Row>): Promise<number | undefined> {
  const replay = await deps.claim(id, deps.now())
  if (replay === undefined) return undefined
  try {
    const { rows, next } = await deps.select(replay, pageOf(replay))
    const handed = rows.length === 0 ? { done: 0, failed: 0 } : await deps.handOver(replay, rows)
    if ('gone' in handed) {
      await deps.save(replay, { ...replay, state: 'failed', error: handed.gone, leasedUntil: 0 })
      return undefined
    }
    return await keep({ replay, handed, next }, deps)
  } catch (error) {
    const message = error instanceof Error ? error.message.slice(0, 300) : 'unknown'
    const again = { ...replay, error: `A step failed: ${message}`, leasedUntil: deps.now() + PAUSE_MS }
    return (await deps.save(replay, again)) ? PAUSE_MS : undefined
  }
}

async function keep<Row>(
  {
    replay,
    handed,
    next,
  }: { replay: Replay; handed: { done: number; failed: number }; next: string | undefined },
  deps: ReplayDeps<Row>,
): Promise<number | undefined> {
  const done = replay.done + handed.done
  const failed = replay.failed + handed.failed
  if (next === undefined) {
    const ended = { ...replay, state: 'done' as const, done, failed, matched: done + failed }
    await deps.save(replay, { ...ended, error: null, leasedUntil: 0 })
    return undefined
  }
  const { ratePerSecond } = replay
  const pauseMs = ratePerSecond === null ? 0 : Math.ceil((handed.done / ratePerSecond) * 1000)
  const matched = Math.max(replay.matched, done + failed)
  const going = { ...replay, done, failed, matched, error: null, cursor: next }
  return (await deps.save(replay, { ...going, leasedUntil: deps.now() + pauseMs })) ? pauseMs : undefined
}

function pageOf({ ratePerSecond }: Replay): number {
  return ratePerSecond === null ? PAGE_ROWS : Math.min(PAGE_ROWS, ratePerSecond * PACE_SECONDS)
}
