import {
  isTaken,
  isWanted,
  type Acknowledged,
  type Arrival,
  type Evidence,
  type LogRow,
  type Path,
} from './evidence.ts'

export interface Verdict {
  acknowledged: number
  /** Deliveries that must have ended. */
  expected: number
  requests: number
  /** Requests beyond the first that was taken, of one delivery. Permitted: delivery is at least once. */
  duplicated: number
  /** The same by path, and how often the one that came most often was taken. */
  duplicatedAt: Record<string, number>
  takenMost: number
  /** Neither arrived nor dead in the log. */
  lost: string[]
  /** Seen before what comes before it had been taken. */
  reordered: string[]
  /** Without exactly one row in the log that says what became of it. */
  unlogged: string[]
  /** One thing under two ids: an event that became two, a delivery that changed its `webhook-id`. */
  split: string[]
  /** In the log or at a receiver, where it has no business. */
  unexpected: string[]
}

interface Seen {
  first: number
  /** Infinity: never. */
  firstTaken: number
  taken: number
  ids: Set<string>
}

/** Holds what was acknowledged against what arrived and what the log says. */
export function judge(evidence: Evidence): Verdict {
  const { acknowledged, paths, arrivals } = evidence
  const seen = seenBy(arrivals)
  const rows = Map.groupBy(evidence.rows, ({ eventId, subscriptionId }) => `${eventId} ${subscriptionId}`)
  const verdict: Verdict = {
    acknowledged: acknowledged.length,
    expected: 0,
    requests: arrivals.length,
    duplicated: 0,
    duplicatedAt: {},
    takenMost: 0,
    lost: [],
    reordered: [],
    unlogged: [],
    split: [],
    unexpected: [],
  }
  for (const path of paths) {
    const wanted = acknowledged.filter((event) => isWanted(path, event))
    const here = seen.get(path.name) ?? new Map<string, Seen>()
    for (const event of wanted) {
      const own = rows.get(`${event.eventId} ${path.subscriptionId}`) ?? []
      rows.delete(`${event.eventId} ${path.subscriptionId}`)
      judgeDelivery(verdict, { path, event, seen: here.get(event.ref), rows: own })
    }
    verdict.reordered.push(...overtakings(path, wanted, here))
    const refs = new Set(wanted.map(({ ref }) => ref))
    for (const ref of here.keys())
      if (!refs.has(ref)) verdict.unexpected.push(`${ref || 'a request without an event'} at ${path.name}`)
  }
  for (const own of rows.keys()) verdict.unexpected.push(`${own} in the log`)
  judgeEvents(verdict, evidence)
  return verdict
}

export function isClean({ lost, reordered, unlogged, split, unexpected }: Verdict): boolean {
  return [lost, reordered, unlogged, split, unexpected].every((problems) => problems.length === 0)
}

/** How much is still to come, by what is known so far. */
export function openIn({ lost, unlogged }: Verdict): number {
  return lost.length + unlogged.length
}

function seenBy(arrivals: readonly Arrival[]): Map<string, Map<string, Seen>> {
  const byRoute = new Map<string, Map<string, Seen>>()
  for (const [at, arrival] of arrivals.entries()) {
    const here = byRoute.get(arrival.route) ?? new Map<string, Seen>()
    byRoute.set(arrival.route, here)
    const known = here.get(arrival.ref) ?? { first: at, firstTaken: Infinity, taken: 0, ids: new Set() }
    here.set(arrival.ref, known)
    known.ids.add(arrival.webhookId)
    if (!isTaken(arrival)) continue
    known.firstTaken = Math.min(known.firstTaken, at)
    known.taken++
  }
  return byRoute
}

function judgeDelivery(
  verdict: Verdict,
  { path, event, seen, rows }: { path: Path; event: Acknowledged; seen: Seen | undefined; rows: LogRow[] },
): void {
  const [row, ...more] = rows
  const what = `${event.ref} (${event.eventId}) to ${path.name}`
  verdict.expected++
  const taken = seen?.taken ?? 0
  verdict.takenMost = Math.max(verdict.takenMost, taken)
  if (taken > 1) {
    verdict.duplicated += taken - 1
    verdict.duplicatedAt[path.name] = (verdict.duplicatedAt[path.name] ?? 0) + taken - 1
  }
  const isDead = row?.status === 'dead' && row.attempts > 0
  if (taken === 0 && !isDead) verdict.lost.push(what)
  if (more.length > 0) verdict.unlogged.push(`${what} has ${rows.length} rows`)
  else if (row?.status !== path.ends) verdict.unlogged.push(`${what} is ${row?.status ?? 'not there'}`)
  for (const id of seen?.ids ?? [])
    if (row && id !== row.id) verdict.split.push(`${what} came as ${id} and is logged as ${row.id}`)
  if ((seen?.ids.size ?? 0) > 1) verdict.split.push(`${what} came as ${[...(seen?.ids ?? [])].join(', ')}`)
}

/** An event may only be seen when what comes before it has been taken. */
function overtakings(path: Path, wanted: readonly Acknowledged[], here: Map<string, Seen>): string[] {
  if (path.order === 'none') return []
  const seenOf = ({ ref }: Acknowledged) => here.get(ref)
  const problems: string[] = []
  const lanes = path.order === 'key' ? Map.groupBy(wanted, ({ key }) => key).values() : [wanted]
  for (const lane of lanes) {
    const inOrder =
      path.order === 'key'
        ? lane.toSorted((a, b) => a.number - b.number)
        : lane.toSorted((a, b) => (seenOf(a)?.first ?? Infinity) - (seenOf(b)?.first ?? Infinity))
    for (const [at, event] of inOrder.entries()) {
      const before = inOrder[at - 1]
      if (!before) continue
      const taken = seenOf(before)?.firstTaken ?? Infinity
      const first = seenOf(event)?.first ?? Infinity
      if (taken !== Infinity && first < taken)
        problems.push(`${event.ref} came before ${before.ref} had been taken, at ${path.name}`)
    }
    if (path.order === 'endpoint') problems.push(...againstTime(path, inOrder))
  }
  return problems
}

/** What was acknowledged before another was even sent must not come after it. */
function againstTime({ name }: Path, inOrder: readonly Acknowledged[]): string[] {
  const problems: string[] = []
  let later: Acknowledged | undefined
  for (const event of inOrder.toReversed()) {
    if (later && later.acknowledgedAt < event.sentAt)
      problems.push(`${later.ref} came after ${event.ref}, which was sent later, at ${name}`)
    if (!later || event.acknowledgedAt < later.acknowledgedAt) later = event
  }
  return problems
}

/** A repeat must get the first answer and make no second event. */
function judgeEvents(verdict: Verdict, { acknowledged, events }: Evidence): void {
  const refOf = new Map(acknowledged.map(({ eventId, ref }) => [eventId, ref]))
  const idsOf = Map.groupBy(events, ({ id, ref }) => ref || (refOf.get(id) ?? id))
  for (const { ref, eventId } of acknowledged) {
    const logged = idsOf.get(ref) ?? []
    idsOf.delete(ref)
    if (logged.length === 0) verdict.unlogged.push(`${ref} (${eventId}) is no event in the log`)
    for (const { id } of logged)
      if (id !== eventId) verdict.split.push(`${ref} was acknowledged as ${eventId} and is also ${id}`)
  }
  for (const ref of idsOf.keys()) verdict.unexpected.push(`${ref} is in the log and was never acknowledged`)
}
