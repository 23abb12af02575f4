import type { TenantId } from '../model/id.ts'
import { buildRoutingTable, type RoutedSubscription, type RoutingTable } from './match.ts'

export interface RoutingSource {
  /** Grows with every change of the tenant's subscriptions and endpoints: one row read. */
  version(tenantId: TenantId): Promise<number>
  subscriptions(tenantId: TenantId): Promise<RoutedSubscription[]>
}

const TENANTS_MAX = 200

/**
 * Tables by tenant, kept as long as their version is the present one. The version is asked for at every hand-over (a
 * hand-over carries many events when it matters), so a new subscription gets the very next event.
 */
export class RoutingCache {
  readonly #tables = new Map<TenantId, { version: number; table: RoutingTable }>()

  async get(tenantId: TenantId, source: RoutingSource): Promise<RoutingTable> {
    const version = await source.version(tenantId)
    const known = this.#tables.get(tenantId)
    if (known?.version === version) return known.table
    const table = buildRoutingTable(await source.subscriptions(tenantId))
    this.#tables.delete(tenantId)
    this.#tables.set(tenantId, { version, table })
    const [oldest] = this.#tables.keys()
    if (this.#tables.size > TENANTS_MAX && oldest !== undefined) this.#tables.delete(oldest)
    return table
  }
}
