import { and, desc, eq, lt } from 'drizzle-orm'
import { drizzle, type DrizzleD1Database } from 'drizzle-orm/d1'
import type { EndpointId, SubscriptionId, TenantId } from '../model/id.ts'
import { type Fault, type SubscriptionSettings } from '../model/subscription.ts'
import type { SealedParts } from '../model/seal.ts'
import { bumpRouting, parseSubscriptionSettings } from './routing.ts'
import { parseFault } from './faults.ts'
import { findRow, pageRows, type Page } from './config-rows.ts'
import { subscriptions, subscriptionVersions } from './schema.ts'

/** A subscription as it is stored. Times in milliseconds. */
export interface SubscriptionRecord {
  id: SubscriptionId
  tenantId: TenantId
  uid: string | null
  name: string
  endpointId: EndpointId
  /** With `***` for what is in `sealed`. */
  settings: SubscriptionSettings
  sealed?: SealedParts
  version: number
  createdAt: number
  updatedAt: number
  /** Absent, as null: none. */
  fault?: Fault | null
}

export async function getSubscription(
  db: D1Database,
  by: { tenantId: TenantId } & ({ id: string } | { uid: string }),
): Promise<SubscriptionRecord | undefined> {
  const row = await findRow(db, subscriptions, by)
  return row && recordOf(row)
}

export async function listSubscriptions(
  db: D1Database,
  tenantId: TenantId,
  page: Page,
): Promise<SubscriptionRecord[]> {
  return (await pageRows(db, subscriptions, tenantId, page)).map(recordOf)
}

/** False when another subscription of the tenant has the uid. */
export async function insertSubscription(db: D1Database, record: SubscriptionRecord): Promise<boolean> {
  const query = drizzle(db)
  const [inserted] = await query.batch([
    insertion(query, record).onConflictDoNothing(),
    bumpRouting(query, record.tenantId),
  ])
  return inserted.meta.changes > 0
}

/** The insert as a statement, for a batch that makes the endpoint too. */
export function insertion(query: DrizzleD1Database, record: SubscriptionRecord) {
  return query.insert(subscriptions).values(rowOf(record))
}

/** Writes the record over the version before it. False: that version is no longer the stored one. */
export async function updateSubscription(db: D1Database, record: SubscriptionRecord): Promise<boolean> {
  const query = drizzle(db)
  const isUnchanged = and(
    eq(subscriptions.tenantId, record.tenantId),
    eq(subscriptions.id, record.id),
    eq(subscriptions.version, record.version - 1),
  )
  const [, updated] = await query.batch([
    versionOf(query, { ...record, version: record.version - 1 }),
    query.update(subscriptions).set(changeableOf(record)).where(isUnchanged),
    bumpRouting(query, record.tenantId),
  ])
  return updated.meta.changes > 0
}

export async function deleteSubscription(
  db: D1Database,
  tenantId: TenantId,
  id: SubscriptionId,
): Promise<boolean> {
  const query = drizzle(db)
  const [removed] = await query.batch([
    query.delete(subscriptions).where(and(eq(subscriptions.tenantId, tenantId), eq(subscriptions.id, id))),
    bumpRouting(query, tenantId),
  ])
  return removed.meta.changes > 0
}

function recordOf(row: typeof subscriptions.$inferSelect): SubscriptionRecord {
  return {
    id: row.id as SubscriptionId,
    tenantId: row.tenantId as TenantId,
    uid: row.uid,
    name: row.name,
    endpointId: row.endpointId as EndpointId,
    ...parseSubscriptionSettings(row.settings),
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    fault: parseFault(row.fault),
  }
}

function rowOf(record: SubscriptionRecord): typeof subscriptions.$inferInsert {
  const { id, tenantId, uid, endpointId, createdAt } = record
  return { id, tenantId, uid, endpointId, createdAt, ...changeableOf(record) }
}

/** Without the indexed columns: to set one, even to what it was, costs a row. */
function changeableOf({ name, settings, sealed, version, updatedAt, fault }: SubscriptionRecord) {
  const written = {
    settings: JSON.stringify({ ...settings, sealed }),
    fault: fault ? JSON.stringify(fault) : null,
  }
  return { name, state: settings.state, ...written, version, updatedAt }
}

/** What an earlier version of the subscription was; the newest first. */
export async function listVersions(
  db: D1Database,
  { tenantId, id }: { tenantId: TenantId; id: SubscriptionId },
  { before, limit }: { before: number | undefined; limit: number },
): Promise<{ version: number; settings: SubscriptionSettings; createdAt: number }[]> {
  const { subscriptionId, version, tenantId: tenant } = subscriptionVersions
  const older = before === undefined ? undefined : lt(version, before)
  const rows = await drizzle(db)
    .select()
    .from(subscriptionVersions)
    .where(and(eq(subscriptionId, id), eq(tenant, tenantId), older))
    .orderBy(desc(version))
    .limit(limit)
  return rows.map((row) => ({
    version: row.version,
    settings: parseSubscriptionSettings(row.settings).settings,
    createdAt: row.createdAt,
  }))
}

/** Keeps the stored version, for the batch that replaces it. */
function versionOf(query: DrizzleD1Database, { id, version }: SubscriptionRecord) {
  return query
    .insert(subscriptionVersions)
    .select(
      query
        .select({
          subscriptionId: subscriptions.id,
          version: subscriptions.version,
          tenantId: subscriptions.tenantId,
          settings: subscriptions.settings,
          createdAt: subscriptions.updatedAt,
        })
        .from(subscriptions)
        .where(and(eq(subscriptions.id, id), eq(subscriptions.version, version))),
    )
    .onConflictDoNothing()
}
