import { and, desc, eq, lt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { TenantId } from '../model/id.ts'
import { tenantSettingsSchema, type Tenant } from '../model/tenant.ts'
import { countRows, type Page } from './config-rows.ts'
import {
  endpoints,
  eventTypes,
  lookupTables,
  replays,
  secrets,
  sources,
  subscriptions,
  tenants,
  tokens,
} from './schema.ts'

export async function getTenant(
  db: D1Database,
  by: { id: string } | { uid: string },
): Promise<Tenant | undefined> {
  const rows = await drizzle(db)
    .select()
    .from(tenants)
    .where('id' in by ? eq(tenants.id, by.id) : eq(tenants.uid, by.uid))
  return rows[0] && recordOf(rows[0])
}

/** Newest first; the default tenant is the oldest. */
export async function listTenants(db: D1Database, { after, limit }: Page): Promise<Tenant[]> {
  const rows = await drizzle(db)
    .select()
    .from(tenants)
    .where(after === undefined ? undefined : lt(tenants.id, after))
    .orderBy(desc(tenants.id))
    .limit(limit)
  return rows.map(recordOf)
}

/** False when another tenant has the uid. */
export async function insertTenant(db: D1Database, tenant: Tenant): Promise<boolean> {
  const result = await drizzle(db).insert(tenants).values(rowOf(tenant)).onConflictDoNothing()
  return result.meta.changes > 0
}

/** Writes the tenant over the version before it. False: that version is no longer the stored one. */
export async function updateTenant(db: D1Database, tenant: Tenant): Promise<boolean> {
  const result = await drizzle(db)
    .update(tenants)
    .set(rowOf(tenant))
    .where(and(eq(tenants.id, tenant.id), eq(tenants.version, tenant.version - 1)))
  return result.meta.changes > 0
}

/** What the tenant may have of a kind and has; null: no limit. Two at the same time may both fit: a quota is not an invariant. */
export async function roomOf(
  db: D1Database,
  id: TenantId,
  kind: 'sources' | 'endpoints',
): Promise<{ limit: number; used: number } | null> {
  const limit = (await getTenant(db, { id }))?.settings.quotas[kind] ?? null
  return limit === null ? null : { limit, used: await countRows(db, { sources, endpoints }[kind], id) }
}

/** Whether the tenant has nothing that receives or sends, and so can be removed without losing an event. */
export async function isTenantEmpty(db: D1Database, id: TenantId): Promise<boolean> {
  return (await countRows(db, sources, id)) === 0 && (await countRows(db, endpoints, id)) === 0
}

/** Removes the tenant with all that is its own in this database. */
export async function deleteTenant(db: D1Database, id: TenantId): Promise<boolean> {
  const query = drizzle(db)
  const [, , removed] = await query.batch([
    query.delete(tokens).where(eq(tokens.tenantId, id)),
    query.delete(subscriptions).where(eq(subscriptions.tenantId, id)),
    query.delete(tenants).where(eq(tenants.id, id)),
    query.delete(replays).where(eq(replays.tenantId, id)),
    query.delete(eventTypes).where(eq(eventTypes.tenantId, id)),
    query.delete(lookupTables).where(eq(lookupTables.tenantId, id)),
    query.delete(secrets).where(eq(secrets.tenantId, id)),
  ])
  return removed.meta.changes > 0
}

function recordOf(row: typeof tenants.$inferSelect): Tenant {
  const { id, settings, routingVersion: _, ...rest } = row
  return { ...rest, id: id as TenantId, settings: tenantSettingsSchema.parse(JSON.parse(settings)) }
}

function rowOf({ settings, ...tenant }: Tenant): typeof tenants.$inferInsert {
  return { ...tenant, settings: JSON.stringify(settings) }
}
