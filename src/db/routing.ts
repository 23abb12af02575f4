import { eq, sql } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import type { EndpointId, SubscriptionId, TenantId } from '../model/id.ts'
import { subscriptionSettingsSchema, type Subscription } from '../model/subscription.ts'
import { parseFault } from './faults.ts'
import { tenants } from './schema.ts'

const SUBSCRIPTIONS_SQL = `
  SELECT s.id, s.settings, s.version, s.fault, s.created_at AS createdAt, e.id AS endpointId,
    e.version AS endpointVersion
  FROM subscriptions s JOIN endpoints e ON e.id = s.endpoint_id AND e.tenant_id = s.tenant_id
  WHERE s.tenant_id = ?1 ORDER BY s.id`

const TARGETS_SQL =
  'SELECT id, version, state, failing_since AS failingSince FROM endpoints WHERE tenant_id = ?1'

interface Row {
  id: SubscriptionId
  settings: string
  version: number
  fault: string | null
  createdAt: number
  endpointId: EndpointId
  endpointVersion: number
}

/** What choosing between endpoints must know of one. */
interface Target {
  version: number
  isDisabled: boolean
  failingSince: number | null
}

interface Routed {
  subscription: Subscription
  endpointVersion: number
  targets?: ReadonlyMap<EndpointId, Target>
}

/** Every subscription of the tenant, paused ones too, with the version of its endpoint, and where rules choose, all endpoints. */
export async function routedSubscriptions(db: D1Database, tenantId: TenantId): Promise<Routed[]> {
  const { results } = await db.prepare(SUBSCRIPTIONS_SQL).bind(tenantId).all<Row>()
  const routed = results.map(
    ({ id, endpointId, createdAt, settings, version, fault, endpointVersion }): Routed => {
      const parsed = subscriptionSettingsSchema.parse(JSON.parse(settings))
      const subscription = {
        id,
        tenantId,
        endpointId,
        createdAt,
        version,
        fault: parseFault(fault),
        ...parsed,
      }
      return { subscription, endpointVersion }
    },
  )
  const choosing = routed.filter(
    ({ subscription: { balance, failoverEndpointId } }) => balance ?? failoverEndpointId,
  )
  if (choosing.length === 0) return routed
  const targets = await targetsOf(db, tenantId)
  for (const each of choosing) each.targets = targets
  return routed
}

async function targetsOf(db: D1Database, tenantId: TenantId): Promise<Map<EndpointId, Target>> {
  const { results } = await db
    .prepare(TARGETS_SQL)
    .bind(tenantId)
    .all<{ id: EndpointId; version: number; state: string; failingSince: number | null }>()
  return new Map(
    results.map(({ id, version, state, failingSince }) => [
      id,
      { version, isDisabled: state === 'disabled', failingSince },
    ]),
  )
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
