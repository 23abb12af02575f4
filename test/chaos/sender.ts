import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveTasks } from '../../bench/child.ts'
import { diceOf, type Dice } from '../support/random.ts'
import type { Acknowledged, Kind, Mark, Origin } from './evidence.ts'

export interface Start {
  op: 'start'
  seed: number
  secret: string
  rootToken: string
  /** Where events of an origin are posted to. */
  urls: Record<Origin, string>
  /** Senders of each origin. */
  lanes: Record<Origin, number>
  /** The mean pause of a sender after an event (ms), by origin. */
  pauseMs: Record<Origin, number>
}
/** `stop` answers when every sender has had its last event acknowledged. */
export type SenderTask = Start | { op: 'count' } | { op: 'stop' }

export interface SenderReport {
  acknowledged: Acknowledged[]
  /** Tries that brought no success: the server was away, or did not answer in time. */
  failures: number
  /** Events sent again although they were acknowledged. */
  repeats: number
  /** Repeats that did not get the first answer. */
  contradictions: string[]
}

const KEYS_EACH = 4
const ANSWER_WITHIN_MS = 15_000
const AGAIN_MS_MAX = 300
const REPEAT_SHARE = 0.05
/** A repeat is of one of so many last events: often of one from before the last kill. */
const REPEAT_OF_LAST = 100
const BATCH_SHARE = 0.3
const BATCH_MAX = 5
/** One in so many of a key is too large for an object and goes to the bucket first. */
const LARGE_EVERY = 50
const LARGE_CHARS = 300_000

const report: SenderReport = { acknowledged: [], failures: 0, repeats: 0, contradictions: [] }
let isStopping = false
let senders: Promise<unknown> = Promise.resolve()

serveTasks(async (task: SenderTask): Promise<SenderReport | number> => {
  if (task.op === 'start') senders = Promise.all(lanesOf(task).map((lane) => run(lane, task)))
  if (task.op !== 'stop') return report.acknowledged.length
  isStopping = true
  await senders
  return report
})

interface Lane {
  name: string
  origin: Origin
  dice: Dice
  /** Of each of its keys, the last number. */
  numbers: number[]
  sent: number
  done: Acknowledged[]
}

function lanesOf({ lanes, seed }: Start): Lane[] {
  return Object.entries(lanes).flatMap(([origin, count], row) =>
    Array.from({ length: count }, (_, at) => ({
      name: `${origin}-${at}`,
      origin: origin as Origin,
      dice: diceOf(seed + row * 1000 + at),
      numbers: Array.from({ length: KEYS_EACH }, () => 0),
      sent: 0,
      done: [],
    })),
  )
}

async function run(lane: Lane, start: Start): Promise<void> {
  const { dice, origin } = lane
  while (!isStopping) {
    const isBatch = origin === 'published' && dice.isHit(BATCH_SHARE)
    const marks = Array.from({ length: isBatch ? dice.int(2, BATCH_MAX) : 1 }, () => nextMark(lane))
    const sentAt = performance.now()
    const ids = await untilAcknowledged(lane, marks, start)
    for (const [at, mark] of marks.entries())
      lane.done.push({ ...mark, origin, sentAt, acknowledgedAt: performance.now(), eventId: ids[at] ?? '' })
    report.acknowledged.push(...lane.done.slice(-marks.length))
    if (dice.isHit(REPEAT_SHARE)) await repeat(lane, start)
    await sleep(dice.int(0, 2 * start.pauseMs[origin]))
  }
}

function nextMark(lane: Lane): Mark {
  const at = lane.dice.int(0, KEYS_EACH - 1)
  const number = (lane.numbers[at] ?? 0) + 1
  lane.numbers[at] = number
  const kind: Kind = lane.dice.pick([
    'push',
    'push',
    'push',
    'push',
    'push',
    'push',
    'paid',
    'paid',
    'paid',
    'refused',
  ])
  return { ref: `${lane.name}-${++lane.sent}`, key: `${lane.name}-${at}`, number, kind }
}

async function repeat(lane: Lane, start: Start): Promise<void> {
  const last = lane.done.slice(-REPEAT_OF_LAST)
  const event = last[lane.dice.int(0, last.length - 1)]
  if (!event) return
  const { ref, key, number, kind } = event
  const [id] = await untilAcknowledged(lane, [{ ref, key, number, kind }], start)
  report.repeats++
  if (id !== event.eventId)
    report.contradictions.push(`${ref} was answered ${event.eventId}, and ${id} when it was sent again`)
}

/** The same request again and again, as a provider does; the ids that the events got. */
async function untilAcknowledged(lane: Lane, marks: Mark[], start: Start): Promise<string[]> {
  for (;;) {
    const ids = await send(lane.origin, marks, start).catch(() => undefined)
    if (ids) return ids
    report.failures++
    await sleep(lane.dice.int(10, AGAIN_MS_MAX))
  }
}

async function send(origin: Origin, marks: Mark[], start: Start): Promise<string[] | undefined> {
  const { url, headers, body } = requestOf(origin, marks, start)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  const answer = await response.text()
  if (!response.ok) return undefined
  const { id, data } = JSON.parse(answer) as { id?: string; data?: { id: string }[] }
  return data ? data.map((each) => each.id) : [id ?? '']
}

interface Prepared {
  url: string
  headers: Record<string, string>
  body: string
}

function requestOf(origin: Origin, marks: Mark[], start: Start): Prepared {
  switch (origin) {
    case 'published':
      return published(marks, start)
    case 'keyed':
      return keyed(marks, start)
    default:
      return relayed(origin, marks, start)
  }
}

function relayed(origin: Origin, [mark]: Mark[], { urls, secret }: Start): Prepared {
  const isLarge = origin === 'regional' && (mark?.number ?? 0) % LARGE_EVERY === 0
  const body = JSON.stringify({ ...mark, ...(isLarge && { text: 'x'.repeat(LARGE_CHARS) }) })
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = {
    'x-github-event': mark?.kind ?? '',
    'x-github-delivery': mark?.ref ?? '',
    'x-hub-signature-256': `sha256=${signature}`,
  }
  return { url: urls[origin], headers, body }
}

function published(marks: Mark[], { urls, rootToken }: Start): Prepared {
  const events = marks.map((mark) => ({
    id: mark.ref,
    type: `published.${mark.kind}`,
    orderingKey: mark.key,
    data: mark,
  }))
  const headers = { authorization: `Bearer ${rootToken}` }
  const [only] = events
  return events.length === 1
    ? { url: urls.published, headers, body: JSON.stringify(only) }
    : { url: `${urls.published}/batch`, headers, body: JSON.stringify(events) }
}

/** Without an id of its own: only the key says that it is the same. */
function keyed([mark]: Mark[], { urls, rootToken }: Start): Prepared {
  const headers = { authorization: `Bearer ${rootToken}`, 'idempotency-key': mark?.ref ?? '' }
  return { url: urls.keyed, headers, body: JSON.stringify({ type: `keyed.${mark?.kind}`, data: mark }) }
}
