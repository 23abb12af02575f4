import type { EventRow } from '../model/delivery-log.ts'
import type { Erasure, ErasureCounts, ErasureId, Report, Subject } from '../model/erasure.ts'
import { textOfSubject } from '../model/erasure.ts'
import { timeOfId } from '../model/id.ts'

/** A step that takes longer is taken for lost; its repeat finds erased what it had erased. */
export const LEASE_MS = 120_000
/** After a step that failed: what it needed may be back by then. */
const PAUSE_MS = 15_000
/** By then the log has what was on its way when the erasure was made: outcomes leave their object within seconds. */
export const SETTLING_MS = 60_000
/** What the log can have learnt of late lies in the last hour before. */
const LATE_MS = 3_600_000
const HASHES_MAX = 1_000

/** One way through the log. Times in milliseconds of receipt, `to` exclusive. */
export interface Pass {
  look: 'subject' | 'erased' | 'rejections'
  from: number
  to: number
  /** Milliseconds: not before then. */
  startsAt: number
}

export interface Found {
  events: EventRow[]
  rejectionIds: string[]
  /** Where the pass goes on; undefined: it has ended. */
  next: string | undefined
}

/** What a step needs of the rest. */
export interface EraseDeps {
  now(): number
  /** Takes the right to the next step; undefined: it is done, or another has it. */
  claim(id: ErasureId, now: number): Promise<Erasure | undefined>
  open(erasure: Erasure): Promise<Subject>
  find(erasure: Erasure, subject: Subject, pass: Pass): Promise<Found>
  /** Erases what is kept of the events outside the log. A repeat does no harm and answers the same. */
  erase(erasure: Erasure, events: EventRow[]): Promise<Pick<ErasureCounts, Apart>>
  /** Clears the log and keeps the progress, both or neither. */
  save(erasure: Erasure, found: Pick<Found, 'events' | 'rejectionIds'>): Promise<void>
  hash(text: string): Promise<string>
}

type Apart = 'segments' | 'bodies' | 'deliveries' | 'journalRows' | 'cancelled'

/** One bounded step. Answers after how many milliseconds the next may follow; undefined: there is none, or another has it. */
export async function stepErasure(id: ErasureId, deps: EraseDeps): Promise<number | undefined> {
  const erasure = await deps.claim(id, deps.now())
  if (!erasure) return undefined
  try {
    return await take(erasure, deps)
  } catch (error) {
    const message = error instanceof Error ? error.message.slice(0, 300) : 'unknown'
    const report = { ...erasure.report, error: `A step failed: ${message}` }
    await deps.save({ ...erasure, report, leasedUntil: deps.now() + PAUSE_MS }, NOTHING)
    return PAUSE_MS
  }
}

const NOTHING = { events: [], rejectionIds: [] }

async function take(erasure: Erasure, deps: EraseDeps): Promise<number | undefined> {
  const { report } = erasure
  const subject = await deps.open(erasure)
  const passes = passesOf(erasure, subject)
  const pass = passes[report.pass]
  if (pass === undefined) {
    await deps.save(
      { ...erasure, state: 'done', subject: '', report: { ...report, endedAt: deps.now() } },
      NOTHING,
    )
    return undefined
  }
  const waitMs = pass.startsAt - deps.now()
  if (waitMs > 0) {
    await deps.save({ ...erasure, state: 'settling', leasedUntil: pass.startsAt }, NOTHING)
    return waitMs
  }
  const found = await deps.find(erasure, subject, pass)
  const counts = await deps.erase(erasure, found.events)
  const next = await withFound(report, found, { counts, hash: deps.hash })
  const at = found.next === undefined ? { pass: report.pass + 1, cursor: null } : { cursor: found.next }
  await deps.save({ ...erasure, report: { ...next, ...at, error: null }, leasedUntil: 0 }, found)
  return 0
}

/** All that is known; refused requests; then what came late: new to the log, or once more into it. */
function passesOf({ id }: Erasure, subject: Subject): Pass[] {
  const madeAt = timeOfId(id)
  const late = { from: madeAt - LATE_MS, to: madeAt + 1, startsAt: madeAt + SETTLING_MS }
  const rejections: Pass = { look: 'rejections', from: 0, to: madeAt + 1, startsAt: 0 }
  return [
    { look: 'subject', from: 0, to: madeAt + 1, startsAt: 0 },
    ...(textOfSubject(subject) === undefined ? [] : [rejections]),
    { look: 'subject', ...late },
    { look: 'erased', ...late },
  ]
}

async function withFound(
  report: Report,
  { events, rejectionIds }: Found,
  { counts, hash }: { counts: Pick<ErasureCounts, Apart>; hash: EraseDeps['hash'] },
): Promise<Report> {
  // What was erased before, and is only cleared once more, is counted already.
  const fresh = events.filter(({ erasureId }) => (erasureId ?? null) === null)
  const sum: ErasureCounts = { ...report.counts }
  for (const [name, count] of Object.entries(counts)) sum[name as Apart] += count
  sum.events += fresh.length
  sum.rejections += rejectionIds.length
  let { digest } = report
  const eventHashes = [...report.eventHashes]
  for (const { id } of fresh) {
    digest = await hash(`${digest} ${id}`)
    if (eventHashes.length < HASHES_MAX) eventHashes.push(await hash(id))
  }
  return { ...report, counts: sum, eventHashes, digest }
}
