import type { TenantId } from './id.ts'
import { DAY_MS } from './metrics.ts'

/** How old what an isolate knows of a tenant's day may be: so long it may go on over its quota. */
const KNOWN_MS = 30_000
const TENANTS_MAX = 5_000
/** From this share on the tenant is warned. */
export const WARNING_SHARE = 0.8

export interface UsageDeps {
  /** Null: no quota. */
  eventsPerDay(tenantId: TenantId): Promise<number | null>
  /** Events logged since the time (ms). */
  receivedSince(tenantId: TenantId, from: number): Promise<number>
  warn(tenantId: TenantId, usage: { limit: number; used: number; day: number }): Promise<void>
}

interface Known {
  limit: number | null
  used: number
  day: number
  until: number
}

/**
 * How much of its events a tenant has had today (UTC), as this isolate knows it: what the counters say, and what it
 * has itself admitted since. Several isolates together may admit more than the quota, each at most what comes in the
 * time that `KNOWN_MS` and the log take. When the counters cannot be read, everything is admitted.
 */
export class Usage {
  readonly #known = new Map<TenantId, Known>()

  /** Seconds until the quota begins anew; undefined: there is room, and `count` of it is taken. */
  take(tenantId: TenantId, { count, now }: { count: number; now: number }): number | undefined {
    const known = this.#known.get(tenantId)
    const day = now - (now % DAY_MS)
    if (known === undefined || known.limit === null || known.day !== day) return undefined
    if (known.used + count > known.limit) return Math.ceil((day + DAY_MS - now) / 1000)
    known.used += count
    return undefined
  }

  /** Reads what there is to know, unless it is known. Never rejects. */
  async refresh(tenantId: TenantId, now: number, deps: UsageDeps): Promise<void> {
    const known = this.#known.get(tenantId)
    const day = now - (now % DAY_MS)
    if (known && known.until > now && known.day === day) return
    if (this.#known.size >= TENANTS_MAX) this.#known.clear()
    // Others need not ask meanwhile.
    if (known) known.until = now + KNOWN_MS
    try {
      const limit = await deps.eventsPerDay(tenantId)
      const used = limit === null ? 0 : await deps.receivedSince(tenantId, day)
      this.#known.set(tenantId, { limit, used, day, until: now + KNOWN_MS })
      if (limit !== null && used >= limit * WARNING_SHARE) await deps.warn(tenantId, { limit, used, day })
    } catch {
      this.#known.set(tenantId, { limit: null, used: 0, day, until: now + KNOWN_MS })
    }
  }
}
