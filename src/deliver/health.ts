import type { Outcome } from '../model/attempt.ts'
import type { EndpointSettings } from '../model/endpoint.ts'

/** What is known of a receiver's health. All of it can be lost and is learned again; losing it sends a few attempts too many. */
export interface Health {
  /** Failed attempts since the last success. */
  failures: number
  /** When the first of them ended (ms); null: the last attempt succeeded. */
  failingSince: number | null
  /** The circuit is open until then, and half-open after; null: closed. */
  openUntil: number | null
  /** How often in a row it has opened: each time for longer. */
  opens: number
  /** How many attempts the receiver is thought to bear at once. */
  window: number
  /** Smoothed time to the answer (ms), and the least of it that was seen: latency well above it means overload. */
  latencyMs: number
  latencyMsMin: number
}

export type Transition = 'opened' | 'recovered' | 'disable' | undefined

/** Both are bounded by what is observed; not Infinity, which JSON does not have. */
const WINDOW_UNKNOWN = 1_000_000
const LATENCY_UNKNOWN = 1_000_000_000

export const HEALTHY: Health = {
  failures: 0,
  failingSince: null,
  openUntil: null,
  opens: 0,
  window: WINDOW_UNKNOWN,
  latencyMs: 0,
  latencyMsMin: LATENCY_UNKNOWN,
}

/** An endpoint is only disabled when it failed at least this often, however long it has been failing. */
const DISABLE_FAILURES_MIN = 20
const LATENCY_WEIGHT = 0.1
/** A mean answer this many times slower than the best is taken for overload. */
const LATENCY_OVERLOAD = 4
const LATENCY_MS_FLOOR = 50

type Settings = Pick<EndpointSettings, 'circuit' | 'concurrency' | 'adaptive'>

/**
 * Takes in the end of an attempt. The circuit opens when the receiver has failed both often and for a while, and then
 * lets one probe through at growing intervals; a success closes it, and the window grows again from one (a bounded
 * ramp). Additive increase, multiplicative decrease (RFC 5681's idea) on 429, 503, timeouts and rising latency.
 */
export function observe(
  health: Health,
  {
    outcome,
    durationMs,
    now,
    settings,
  }: { outcome: Outcome; durationMs: number; now: number; settings: Settings },
): { health: Health; transition: Transition } {
  if (outcome.kind === 'refused') return { health, transition: undefined }
  const max = settings.concurrency
  const window = Math.min(health.window, max)
  if (outcome.kind !== 'deferred') return answered(health, { window, durationMs, settings })
  const isOverload = outcome.reason === 'busy' || outcome.reason === 'timeout' || outcome.statusCode === 503
  const failed: Health = {
    ...health,
    failures: health.failures + 1,
    failingSince: health.failingSince ?? now,
    window: settings.adaptive && isOverload ? Math.max(1, window / 2) : window,
  }
  return decide(failed, now, settings)
}

/** How many attempts may be in flight now. */
export function allowance(health: Health, now: number, settings: Settings): number {
  if (health.openUntil !== null) return health.openUntil > now ? 0 : 1
  return Math.max(1, Math.floor(Math.min(health.window, settings.concurrency)))
}

/** A rejection is an answer too: the receiver is there. */
function answered(
  health: Health,
  { window, durationMs, settings }: { window: number; durationMs: number; settings: Settings },
): { health: Health; transition: Transition } {
  const latencyMs =
    health.latencyMs === 0 ? durationMs : health.latencyMs + (durationMs - health.latencyMs) * LATENCY_WEIGHT
  const latencyMsMin = Math.min(health.latencyMsMin, durationMs)
  const isSlow = latencyMs > Math.max(LATENCY_MS_FLOOR, latencyMsMin) * LATENCY_OVERLOAD
  const wasOpen = health.openUntil !== null
  const grown = wasOpen ? 1 : window + (isSlow && settings.adaptive ? -0.1 : 1 / window)
  return {
    health: {
      ...HEALTHY,
      latencyMs,
      latencyMsMin,
      window: Math.max(1, Math.min(settings.concurrency, grown)),
    },
    transition: wasOpen ? 'recovered' : undefined,
  }
}

function decide(
  health: Health,
  now: number,
  { circuit }: Settings,
): { health: Health; transition: Transition } {
  const { failures, failingSince, openUntil, opens } = health
  const failingMs = now - (failingSince ?? now)
  if (failures >= DISABLE_FAILURES_MIN && failingMs >= circuit.disableAfterSeconds * 1000) {
    return { health, transition: 'disable' }
  }
  const hasFailedOften = failures >= circuit.failures
  const hasFailedLong = failingMs >= circuit.failingSeconds * 1000
  if (openUntil === null && !(hasFailedOften && hasFailedLong)) return { health, transition: undefined }
  if (openUntil !== null && openUntil > now) return { health, transition: undefined }
  const seconds = Math.min(circuit.cooldownSeconds * 2 ** opens, circuit.cooldownSecondsMax)
  const opened = { ...health, openUntil: now + seconds * 1000, opens: opens + 1 }
  return { health: opened, transition: opens === 0 ? 'opened' : undefined }
}
