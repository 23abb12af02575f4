import type { Schedule } from '../model/subscription.ts'

/** A number in [0, 1) that a text always has: FNV-1a, mixed until its high bits are as good as its low ones. */
export function fractionOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** The same events at every rate that takes them: what 10 % takes, 20 % takes as well. */
export function isSampled(eventId: string, rate: number): boolean {
  return rate >= 1 || fractionOf(eventId) < rate
}

/**
 * The target of a key, by weighted rendezvous hashing: a target that is added or removed moves only the keys that
 * it gains or had.
 */
export function targetOf<T extends { endpointId: string; weight: number }>(
  key: string,
  targets: readonly T[],
): T | undefined {
  let best: T | undefined
  let bestScore = -Infinity
  for (const target of targets) {
    const score = target.weight / -Math.log(fractionOf(`${target.endpointId} ${key}`) || Number.MIN_VALUE)
    if (score > bestScore) [best, bestScore] = [target, score]
  }
  return best
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const MINUTE_MS = 60_000
/** A week and an hour of a clock change: some window begins within it. */
const LOOK_AHEAD_MINUTES = 8 * 1440

/** When an event of this time may be delivered: then itself, or where the next window begins (ms). */
export function opensAt(schedule: Schedule, at: number): number {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: schedule.timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  if (isWithin(schedule, localOf(clock, at))) return at
  let next = Math.floor(at / MINUTE_MS) * MINUTE_MS
  const end = next + LOOK_AHEAD_MINUTES * MINUTE_MS
  while (next < end) {
    const local = localOf(clock, next)
    if (next > at && isWithin(schedule, local)) return next
    next += minutesToNextEdge(schedule, local) * MINUTE_MS
  }
  return end
}

interface Local {
  day: string
  /** `HH:MM`. */
  time: string
}

function localOf(clock: Intl.DateTimeFormat, at: number): Local {
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]))
  const day = (parts.get('weekday') ?? '').toLowerCase()
  return { day, time: `${parts.get('hour')}:${parts.get('minute')}` }
}

function isWithin({ windows }: Schedule, { day, time }: Local): boolean {
  return windows.some(
    ({ days, from, to }) =>
      DAYS.some((each) => each === day && days.includes(each)) && from <= time && time < to,
  )
}

/** To the next beginning of a window today, else to the next hour at the most, so that a clock change is not jumped over. */
function minutesToNextEdge({ windows }: Schedule, { time }: Local): number {
  const now = minutesOf(time)
  const edges = windows.map(({ from }) => minutesOf(from) - now).filter((minutes) => minutes > 0)
  return Math.min(60 - (now % 60), ...edges)
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}
