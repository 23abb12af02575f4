import type { Parts } from './conclude.ts'
import { oldestNeeded } from './recover.ts'

/** Drops days that are older than the tenant keeps, but nothing that is open or that the log does not have. */
export function forgetOld(queue: Omit<Parts, 'endpoint'>, retentionMs: number): void {
  const { store, outbox, clock } = queue
  const now = clock.now()
  if (!outbox.isEmpty) return
  store.retain({ before: now - retentionMs, keepFromPosition: oldestNeeded(queue), now })
}

/** Of an endpoint that was removed nothing is kept, once the log has what became of its deliveries. */
export function forgetRemoved(queue: Parts): void {
  const { store, outbox, endpoint, clock } = queue
  const isOpen = oldestNeeded(queue) < store.endPosition
  if (endpoint.isRemoved && !isOpen && outbox.isEmpty) store.clear(clock.now())
}
