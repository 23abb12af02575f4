import type { EndpointSettings } from '../model/endpoint.ts'
import type { EndpointId, SubscriptionId, TenantId } from '../model/id.ts'
import { subscriptionSettingsSchema, type Subscription } from '../model/subscription.ts'

/** A subscription with what routing must know of its endpoint to hand a delivery to the right object. */
export interface RoutedSubscription {
  subscription: Subscription
  endpoint: Pick<EndpointSettings, 'state' | 'concurrency' | 'ordering'> & { id: EndpointId; version: number }
}

interface Row {
  id: SubscriptionId
  settings: string
  createdAt: number
  endpointId: EndpointId
  endpointVersion: number
  endpointState: EndpointSettings['state']
  concurrency: number
  ordering: EndpointSettings['ordering']
}

const SQL = `
  SELECT s.id, s.settings, s.created_at AS createdAt, e.id AS endpointId, e.version AS endpointVersion,
    e.state AS endpointState, e.settings ->> 'concurrency' AS concurrency, e.settings ->> 'ordering' AS ordering
  FROM subscriptions s JOIN endpoints e ON e.id = s.endpoint_id AND e.tenant_id = s.tenant_id
  WHERE s.tenant_id = ?1 ORDER BY s.id`

/** All subscriptions of a tenant, paused ones too, in one query. Read from the primary, since a route is cached. */
export async function listRouting(db: D1Database, tenantId: TenantId): Promise<RoutedSubscription[]> {
  const { results } = await db.prepare(SQL).bind(tenantId).all<Row>()
  return results.map(({ id, settings, createdAt, endpointId, ...endpoint }) => ({
    subscription: {
      id,
      tenantId,
      endpointId,
      ...subscriptionSettingsSchema.parse(JSON.parse(settings)),
      createdAt,
    },
    endpoint: {
      id: endpointId,
      version: endpoint.endpointVersion,
      state: endpoint.endpointState,
      concurrency: endpoint.concurrency,
      ordering: endpoint.ordering,
    },
  }))
}
