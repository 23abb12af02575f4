import type { Hands } from './by-hand.ts'

type Forgetting = Pick<Hands, 'store' | 'outbox' | 'endpoint' | 'clock' | 'oldest'>

/** Drops days that are older than the tenant keeps, but nothing that is open or that the log does not have. */
export function forgetOld({ store, outbox, clock, oldest }: Forgetting, retentionMs: number): void {
  const now = clock.now()
  if (outbox.isEmpty) store.retain({ before: now - retentionMs, keepFromPosition: oldest, now })
}

/** Of an endpoint that was removed nothing is kept, once the log has what became of its deliveries. */
export function forgetRemoved({ store, outbox, endpoint, clock, oldest }: Forgetting): void {
  const isOpen = oldest < store.endPosition
  if (endpoint.isRemoved && !isOpen && outbox.isEmpty) store.clear(clock.now())
}
