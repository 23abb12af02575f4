import { eq, sql } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { endpointSettingsSchema, type EndpointSettings } from '../model/endpoint.ts'
import type { EndpointId, SubscriptionId, TenantId } from '../model/id.ts'
import { subscriptionSettingsSchema, type Subscription } from '../model/subscription.ts'
import { tenants } from './schema.ts'

const SUBSCRIPTIONS_SQL = `
  SELECT s.id, s.settings, s.created_at AS createdAt, e.id AS endpointId, e.version AS endpointVersion,
    e.settings AS endpointSettings
  FROM subscriptions s JOIN endpoints e ON e.id = s.endpoint_id AND e.tenant_id = s.tenant_id
  WHERE s.tenant_id = ?1 ORDER BY s.id`

interface Row {
  id: SubscriptionId
  settings: string
  createdAt: number
  endpointId: EndpointId
  endpointVersion: number
  endpointSettings: string
}

export interface RoutedRow {
  subscription: Subscription
  endpointVersion: number
  endpoint: Pick<EndpointSettings, 'ordering' | 'orderingKey' | 'concurrency'>
}

const placing = endpointSettingsSchema.pick({ ordering: true, orderingKey: true, concurrency: true })

/** Every subscription of the tenant, paused ones too, with the version of its endpoint, in one query. */
export async function routedSubscriptions(db: D1Database, tenantId: TenantId): Promise<RoutedRow[]> {
  const { results } = await db.prepare(SUBSCRIPTIONS_SQL).bind(tenantId).all<Row>()
  return results.map(({ id, endpointId, createdAt, settings, endpointVersion, endpointSettings }) => {
    const parsed = subscriptionSettingsSchema.parse(JSON.parse(settings))
    const endpoint = placing.parse(JSON.parse(endpointSettings))
    return { subscription: { id, tenantId, endpointId, createdAt, ...parsed }, endpointVersion, endpoint }
  })
}

/** Grows with every change to what `routedSubscriptions` answers; 0 for an unknown tenant. One row read, at the primary. */
export async function routingVersion(db: D1Database, tenantId: TenantId): Promise<number> {
  const statement = db.prepare('SELECT routing_version FROM tenants WHERE id = ?1').bind(tenantId)
  return (await statement.first<number>('routing_version')) ?? 0
}

/** Belongs into the batch of every write to subscriptions or endpoints, or a cached route would outlive the change. */
export function bumpRouting(query: DrizzleD1Database, tenantId: string) {
  return query
    .update(tenants)
    .set({ routingVersion: sql`${tenants.routingVersion} + 1` })
    .where(eq(tenants.id, tenantId))
}
