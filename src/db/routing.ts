import { eq, sql } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { z } from 'zod'
import { endpointSettingsSchema, type EndpointSettings } from '../model/endpoint.ts'
import type { EndpointId, SubscriptionId, TenantId } from '../model/id.ts'
import type { SealedParts, Sealer } from '../model/seal.ts'
import { putSecrets, subscriptionPlaces } from '../model/sealed-settings.ts'
import type { Placing } from '../model/shard.ts'
import {
  subscriptionSettingsSchema,
  type Subscription,
  type SubscriptionSettings,
} from '../model/subscription.ts'
import { parseFault } from './faults.ts'
import { tenants } from './schema.ts'

const SUBSCRIPTIONS_SQL = `
  SELECT s.id, s.settings, s.version, s.fault, s.created_at AS createdAt, e.id AS endpointId,
    e.version AS endpointVersion, e.settings AS endpointSettings
  FROM subscriptions s JOIN endpoints e ON e.id = s.endpoint_id AND e.tenant_id = s.tenant_id
  WHERE s.tenant_id = ?1 ORDER BY s.id`

const TARGETS_SQL =
  'SELECT id, version, state, settings, failing_since AS failingSince FROM endpoints WHERE tenant_id = ?1'

interface Row {
  id: SubscriptionId
  settings: string
  version: number
  fault: string | null
  createdAt: number
  endpointId: EndpointId
  endpointVersion: number
  endpointSettings: string
}

type Placed = Placing & Pick<EndpointSettings, 'orderingKey'>

/** What choosing between endpoints must know of one. */
interface Target {
  version: number
  endpoint: Placed
  isDisabled: boolean
  failingSince: number | null
}

export interface RoutedRow {
  subscription: Subscription
  endpointVersion: number
  endpoint: Placed
  /** Where rules choose between endpoints: all of the tenant's. */
  targets?: ReadonlyMap<EndpointId, Target>
}

const placing = endpointSettingsSchema.pick({
  mode: true,
  ordering: true,
  orderingKey: true,
  concurrency: true,
})

/** Every subscription of the tenant, paused ones too, with the version of its endpoint. One query, two where rules choose endpoints. */
export async function routedSubscriptions(
  db: D1Database,
  tenantId: TenantId,
  sealer: Sealer,
): Promise<RoutedRow[]> {
  const { results } = await db.prepare(SUBSCRIPTIONS_SQL).bind(tenantId).all<Row>()
  const open = async ({
    settings,
    fault,
    endpointVersion,
    endpointSettings,
    ...row
  }: Row): Promise<RoutedRow> => {
    const { settings: masked, sealed } = parseSubscriptionSettings(settings)
    const parsed = await putSecrets(masked, subscriptionPlaces, { sealed, id: row.id, sealer })
    const endpoint = placing.parse(JSON.parse(endpointSettings))
    const { id, endpointId, createdAt, version } = row
    const own = { id, tenantId, endpointId, createdAt, version, fault: parseFault(fault) }
    return { subscription: { ...own, ...parsed }, endpointVersion, endpoint }
  }
  const routed = await Promise.all(results.map(open))
  const choosing = routed.filter(
    ({ subscription: { balance, failoverEndpointId } }) => balance ?? failoverEndpointId,
  )
  if (choosing.length === 0) return routed
  const targets = await targetsOf(db, tenantId)
  for (const each of choosing) each.targets = targets
  return routed
}

const storedSchema = subscriptionSettingsSchema.extend({
  sealed: z.record(z.string(), z.string()).default({}),
})

/** As of endpoints: the sealed parts lie in the same cell. */
export function parseSubscriptionSettings(json: string): {
  settings: SubscriptionSettings
  sealed: SealedParts
} {
  const { sealed, ...settings } = storedSchema.parse(JSON.parse(json))
  return { settings, sealed }
}

async function targetsOf(db: D1Database, tenantId: TenantId): Promise<Map<EndpointId, Target>> {
  const { results } = await db
    .prepare(TARGETS_SQL)
    .bind(tenantId)
    .all<{ id: EndpointId; version: number; state: string; settings: string; failingSince: number | null }>()
  return new Map(
    results.map(({ id, version, state, settings, failingSince }) => {
      const endpoint = placing.parse(JSON.parse(settings))
      return [id, { version, endpoint, isDisabled: state === 'disabled', failingSince }]
    }),
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
