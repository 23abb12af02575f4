import type { Outcome } from '../model/attempt.ts'
import type { Clock } from '../model/clock.ts'
import type { DeliveryEvent } from '../model/delivery.ts'
import type { RetryPolicy } from '../model/endpoint.ts'

/** Seconds before each attempt (docs/delivery.md). */
const PRESETS = {
  standard: [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
  crm: [0, 60, 300],
  none: [0],
} as const

/** Added at random to each wait, so that what failed together does not come back together. */
const JITTER = 0.1

/** Milliseconds before attempt `attempt` (from 1), without jitter; undefined: the schedule has no such attempt. */
export function delayMsOf(policy: RetryPolicy, attempt: number): number | undefined {
  if ('preset' in policy) return toMs(PRESETS[policy.preset][attempt - 1])
  if ('scheduleSeconds' in policy) return toMs(policy.scheduleSeconds[attempt - 1])
  if (attempt > policy.attempts) return undefined
  if (attempt === 1) return 0
  const { strategy, initialSeconds, maxSeconds } = policy
  const seconds = strategy === 'linear' ? initialSeconds * (attempt - 1) : initialSeconds * 2 ** (attempt - 2)
  return toMs(Math.min(seconds, maxSeconds))
}

/**
 * When to try again after `attempts` tries, or undefined when the schedule is used up. `Retry-After` wins when it is
 * later, and is not jittered below what the receiver asked for.
 */
export function nextDueAt(facts: {
  policy: RetryPolicy
  attempts: number
  now: number
  retryAfterMs: number | undefined
  random: () => number
}): number | undefined {
  const { policy, attempts, now, retryAfterMs = 0, random } = facts
  const delayMs = delayMsOf(policy, attempts + 1)
  if (delayMs === undefined) return undefined
  return Math.ceil(now + Math.max(delayMs, retryAfterMs) + delayMs * JITTER * random())
}

/** What an outcome means for the delivery. `attempts`: of this round, for the schedule starts anew with each. */
export function deliveryEventOf(
  outcome: Outcome,
  attempts: number,
  { policy, clock }: { policy: RetryPolicy; clock: Clock },
): DeliveryEvent {
  if (outcome.kind !== 'deferred') return { kind: outcome.kind }
  const { retryAfterMs } = outcome
  const facts = { policy, attempts, now: clock.now(), retryAfterMs, random: () => clock.random() }
  return { kind: 'deferred', dueAt: nextDueAt(facts) }
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}
