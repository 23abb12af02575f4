import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import { endpointSettingsSchema, type Endpoint } from '../model/endpoint.ts'
import type { EndpointId, TenantId } from '../model/id.ts'
import { objectNames, shardsOf } from '../model/shard.ts'
import { bumpRouting } from './routing.ts'
import { findRow, isTaken, pageRows, parseSecrets, type Page } from './config-rows.ts'
import { endpoints, subscriptions } from './schema.ts'
import { insertion, type SubscriptionRecord } from './subscriptions.ts'

type Ordering = Endpoint['settings']['ordering']
type Mode = Endpoint['settings']['mode']

/** An endpoint as it is stored; `Endpoint` is the part that its object needs. Times in milliseconds. */
export interface EndpointRecord extends Endpoint {
  uid: string | null
  name: string
  createdAt: number
  updatedAt: number
}

/** For its object, which knows its own id and learns the tenant here. Secrets stay sealed. */
export async function findEndpoint(db: D1Database, id: EndpointId): Promise<Endpoint | undefined> {
  const row = await db
    .prepare('SELECT tenant_id AS tenantId, settings, secrets, shards, version FROM endpoints WHERE id = ?1')
    .bind(id)
    .first<{ tenantId: TenantId; settings: string; secrets: string; shards: number; version: number }>()
  if (!row) return undefined
  return {
    id,
    tenantId: row.tenantId,
    ...parseSettings(row.settings),
    secrets: parseSecrets(row.secrets),
    shards: row.shards,
    version: row.version,
  }
}

/**
 * The objects of every tenant's endpoints in the order of the endpoints' ids: the sweep goes through them page by
 * page. `after` is the last name of the page before. An endpoint's objects come together, so the last endpoint may
 * bring a page over its limit.
 */
export async function pageEndpointObjects(
  db: D1Database,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<string[]> {
  const rows = await drizzle(db)
    .select({
      id: endpoints.id,
      shards: endpoints.shards,
      // Not the whole settings: a run of the sweep would parse hundreds of them.
      ordering: sql<Ordering>`settings ->> 'ordering'`,
      concurrency: sql<number>`settings ->> 'concurrency'`,
      mode: sql<Mode | null>`settings ->> 'mode'`,
    })
    .from(endpoints)
    // A name is the id, or the id and a suffix: it sorts after the id and before any other.
    .where(after === undefined ? undefined : gt(endpoints.id, after))
    .orderBy(asc(endpoints.id))
    .limit(limit)
  const names: string[] = []
  for (const { id, shards, ...settings } of rows) {
    if (names.length >= limit) break
    names.push(...objectNames({ id: id as EndpointId, settings, shards }))
  }
  return names
}

/** Whose the endpoints are. */
export async function tenantsOfEndpoints(
  db: D1Database,
  ids: readonly EndpointId[],
): Promise<Map<EndpointId, TenantId>> {
  const { results } = await db
    .prepare('SELECT id, tenant_id AS tenantId FROM endpoints WHERE id IN (SELECT value FROM json_each(?1))')
    .bind(JSON.stringify(ids))
    .all<{ id: EndpointId; tenantId: TenantId }>()
  return new Map(results.map(({ id, tenantId }) => [id, tenantId]))
}

export async function getEndpoint(
  db: D1Database,
  by: { tenantId: TenantId } & ({ id: string } | { uid: string }),
): Promise<EndpointRecord | undefined> {
  const row = await findRow(db, endpoints, by)
  return row && recordOf(row)
}

export async function listEndpoints(
  db: D1Database,
  tenantId: TenantId,
  page: Page,
): Promise<EndpointRecord[]> {
  return (await pageRows(db, endpoints, tenantId, page)).map(recordOf)
}

/** Adds the endpoint, with its first subscription if given. False when another endpoint of the tenant has the uid. */
export async function insertEndpoint(
  db: D1Database,
  record: EndpointRecord,
  subscription?: SubscriptionRecord,
): Promise<boolean> {
  const query = drizzle(db)
  const insert = query.insert(endpoints).values(rowOf(record))
  try {
    if (subscription) {
      await query.batch([insert, insertion(query, subscription), bumpRouting(query, record.tenantId)])
    } else await insert
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

/** Writes the record over the version before it. False: that version is no longer the stored one. */
export async function updateEndpoint(db: D1Database, record: EndpointRecord): Promise<boolean> {
  const query = drizzle(db)
  const isUnchanged = and(
    eq(endpoints.tenantId, record.tenantId),
    eq(endpoints.id, record.id),
    eq(endpoints.version, record.version - 1),
  )
  const [updated] = await query.batch([
    query.update(endpoints).set(changeableOf(record)).where(isUnchanged),
    bumpRouting(query, record.tenantId),
  ])
  return updated.meta.changes > 0
}

/** For what the relay itself decides. Undefined: it is gone, or already in that state. */
export async function setEndpointState(
  db: D1Database,
  id: EndpointId,
  state: Endpoint['settings']['state'],
  now: number,
): Promise<Endpoint | undefined> {
  const found = await findEndpoint(db, id)
  if (found === undefined || found.settings.state === state) return undefined
  const record = await getEndpoint(db, { tenantId: found.tenantId, id })
  if (record === undefined) return undefined
  const settings = { ...record.settings, state }
  const changed = { ...record, settings, version: record.version + 1, updatedAt: now }
  return (await updateEndpoint(db, changed)) ? changed : undefined
}

/** Removes the endpoint and its subscriptions together. */
export async function deleteEndpoint(db: D1Database, tenantId: TenantId, id: EndpointId): Promise<boolean> {
  const query = drizzle(db)
  const [, removed] = await query.batch([
    query
      .delete(subscriptions)
      .where(and(eq(subscriptions.tenantId, tenantId), eq(subscriptions.endpointId, id))),
    query.delete(endpoints).where(and(eq(endpoints.tenantId, tenantId), eq(endpoints.id, id))),
    bumpRouting(query, tenantId),
  ])
  return removed.meta.changes > 0
}

function recordOf(row: typeof endpoints.$inferSelect): EndpointRecord {
  return {
    id: row.id as EndpointId,
    tenantId: row.tenantId as TenantId,
    uid: row.uid,
    name: row.name,
    ...parseSettings(row.settings),
    secrets: parseSecrets(row.secrets),
    shards: row.shards,
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}

const storedSchema = endpointSettingsSchema.extend({
  sealed: z.record(z.string(), z.string()).default({}),
  references: z.record(z.string(), z.string()).default({}),
})

/** The sealed parts lie in the same cell as the settings whose places they fill, so that the two cannot part. */
function parseSettings(json: string): Pick<EndpointRecord, 'settings' | 'sealed' | 'references'> {
  const { sealed, references, ...settings } = storedSchema.parse(JSON.parse(json))
  return { settings, sealed, references }
}

function rowOf(record: EndpointRecord): typeof endpoints.$inferInsert {
  const { id, tenantId, uid, createdAt } = record
  return { id, tenantId, uid, createdAt, ...changeableOf(record) }
}

/** Without the indexed columns: to set one, even to what it was, costs a row. */
function changeableOf({
  name,
  settings,
  sealed,
  references,
  secrets,
  shards = 1,
  version,
  updatedAt,
}: EndpointRecord) {
  return {
    name,
    url: settings.url,
    state: settings.state,
    settings: JSON.stringify({ ...settings, sealed, references }),
    secrets: JSON.stringify(secrets),
    shards: Math.max(shards, shardsOf(settings)),
    version,
    updatedAt,
  }
}
