import type { Backlog } from './backlog.ts'
import { NEVER, type Lanes } from './lanes.ts'

/** How long after work came in an alarm looks whether it was done; under the 10 s after which an idle object leaves memory. */
export const SAFETY_MS = 5_000
/** After so long without an acceptance the next alarm brings all to rest; less than its wait, for it may come early. */
export const REST_MS = 4_000

export interface WakeFacts {
  now: number
  isActive: boolean
  /** Attempts in flight, or deliveries of the journal that may start. */
  isBusy: boolean
  /** Progress that no row of the journal carries yet. */
  isDirty: boolean
  retryDueAt: number | undefined
  quietUntil: number
  resendDueAt: number | undefined
  /** When the first of the consumers' leases runs out. */
  leaseEndsAt: number | undefined
}

/** When the object must be awake next: never later than the earliest thing due, undefined only when nothing is. */
export function nextWake(facts: WakeFacts): number | undefined {
  const { now, isActive, isBusy, isDirty, retryDueAt, quietUntil, resendDueAt, leaseEndsAt } = facts
  const times: number[] = []
  if (isActive && isBusy) times.push(Math.max(now + SAFETY_MS, quietUntil))
  if (isDirty) times.push(now + SAFETY_MS)
  if (isActive && retryDueAt !== undefined) times.push(Math.max(retryDueAt, quietUntil))
  if (resendDueAt !== undefined) times.push(resendDueAt)
  if (leaseEndsAt !== undefined) times.push(leaseEndsAt)
  return times.length === 0 ? undefined : Math.max(Math.min(...times), now + 1)
}

/**
 * What is due first of rows and of what a delay holds, without what is blocked: for that a person decides, no alarm. Ask
 * after `first`, which learns what is delayed.
 */
export function nextDue(
  lanes: Lanes,
  { opensAt = NEVER }: Pick<Backlog, 'opensAt'>,
): { position: number; dueAt: number } | undefined {
  const retry = lanes.first()
  const dueAt = retry?.dueAt ?? NEVER
  if (Math.min(dueAt, opensAt) >= NEVER) return undefined
  return retry && dueAt <= opensAt ? retry : { position: -1, dueAt: opensAt }
}
