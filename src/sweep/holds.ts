import type { SubscriptionId, TenantId } from '../model/id.ts'

interface Holder {
  tenantId: TenantId
  subscriptionId: SubscriptionId
}

/** What the sweep over held events needs of the rest. */
export interface HoldsDeps {
  /** The next subscription that holds events, after one of them. */
  next(after: Holder | undefined): Promise<Holder | undefined>
  /** `waiting`: paused, or its rule is not fixed yet. */
  stateOf(holder: Holder): Promise<'ready' | 'waiting' | 'gone'>
  /** Routes what is due, in a bounded number. */
  release(holder: Holder): Promise<void>
  /** Drops what was held for a subscription that is no more, in a bounded number. */
  forget(holder: Holder): Promise<void>
  /** Where the last run stopped, so that those that wait long do not keep the others from their turn. */
  loadCursor(list: string): Promise<string | undefined>
  saveCursor(list: string, cursor: string | undefined): Promise<void>
}

/** Subscriptions looked at in one run. */
const HOLDERS_MAX = 50

/**
 * Routes held events that nobody routes: those whose time has come, and those that were held while their subscription
 * was being fixed. One that cannot be released does not hold up the others.
 */
export async function sweepHolds(deps: HoldsDeps): Promise<{ seen: number; failed: number }> {
  let seen = 0
  let failed = 0
  let done: Holder | undefined
  const [tenantId, subscriptionId] = (await deps.loadCursor('holds'))?.split(' ') ?? []
  const last = subscriptionId === undefined ? undefined : ({ tenantId, subscriptionId } as Holder)
  let holder = await deps.next(last)
  for (; holder !== undefined && seen < HOLDERS_MAX; holder = await deps.next(holder)) {
    seen++
    done = holder
    try {
      const state = await deps.stateOf(holder)
      if (state === 'ready') await deps.release(holder)
      if (state === 'gone') await deps.forget(holder)
    } catch {
      failed++
    }
  }
  await deps.saveCursor('holds', holder && done && `${done.tenantId} ${done.subscriptionId}`)
  return { seen, failed }
}
