import { and, count, desc, eq, lt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import type { TenantId } from '../model/id.ts'
import type { SealedSecret } from '../model/seal.ts'
import type { endpoints, sources, subscriptions } from './schema.ts'

/** What these three have in common: an id, a tenant, perhaps a caller's own id, a version that grows. */
export type ConfigTable = typeof sources | typeof endpoints | typeof subscriptions

/** A page in id order, newest first: `limit` rows with ids before `after`, or from the newest on. */
export interface Page {
  after: string | undefined
  limit: number
  /** Of the configuration's lists: columns that must be as given; undefined: any. */
  where?: {
    state?: string | undefined
    provider?: string | undefined
    endpointId?: string | undefined
    sourceId?: string | undefined
    /** Within the name or the uid, in any case. */
    text?: string | undefined
  }
}

export async function findRow<T extends ConfigTable>(
  db: D1Database,
  table: T,
  { tenantId, ...by }: { tenantId: TenantId } & ({ id: string } | { uid: string }),
): Promise<T['$inferSelect'] | undefined> {
  const columns: ConfigTable = table
  const key = 'id' in by ? eq(columns.id, by.id) : eq(columns.uid, by.uid)
  const rows = await drizzle(db)
    .select()
    .from(columns)
    .where(and(eq(columns.tenantId, tenantId), key))
  return rows[0]
}

export async function pageRows<T extends ConfigTable>(
  db: D1Database,
  table: T,
  tenantId: TenantId,
  { after, limit, where = {} }: Page,
): Promise<T['$inferSelect'][]> {
  const columns: ConfigTable = table
  return drizzle(db)
    .select()
    .from(columns)
    .where(
      and(
        eq(columns.tenantId, tenantId),
        after === undefined ? undefined : lt(columns.id, after),
        where.state === undefined ? undefined : eq(columns.state, where.state),
        where.provider !== undefined && 'provider' in columns
          ? eq(columns.provider, where.provider)
          : undefined,
        where.endpointId !== undefined && 'endpointId' in columns
          ? eq(columns.endpointId, where.endpointId)
          : undefined,
        where.sourceId === undefined
          ? undefined
          : sql`EXISTS (SELECT 1 FROM json_each(${columns.settings}, '$.sourceIds') WHERE value = ${where.sourceId})`,
        where.text === undefined
          ? undefined
          : sql`instr(lower(${columns.name} || ' ' || coalesce(${columns.uid}, '')), lower(${where.text})) > 0`,
      ),
    )
    .orderBy(desc(columns.id))
    .limit(limit)
}

export async function countRows(db: D1Database, table: ConfigTable, tenantId: TenantId): Promise<number> {
  const rows = await drizzle(db).select({ rows: count() }).from(table).where(eq(table.tenantId, tenantId))
  return rows[0]?.rows ?? 0
}

/** Those of the ids that are none of the tenant's. */
export async function missingIds(
  db: D1Database,
  table: 'sources' | 'endpoints',
  { tenantId, ids }: { tenantId: TenantId; ids: readonly string[] },
): Promise<string[]> {
  if (ids.length === 0) return []
  const { results } = await db
    .prepare(
      `SELECT value AS id FROM json_each(?2)
       WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${table}.id = value AND tenant_id = ?1)`,
    )
    .bind(tenantId, JSON.stringify(ids))
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}

/** Whether a write failed because its uid is another's. Drizzle wraps the error of D1. */
export function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return /UNIQUE constraint failed: \w+\.(tenant_id, \w+\.)?uid/.test(error.message) || isTaken(error.cause)
}

const secretsSchema = z.array(
  z.object({
    sealed: z.string(),
    expiresAt: z.number().nullable(),
    createdAt: z.number().exactOptional(),
    publicKey: z.string().exactOptional(),
    reference: z.string().exactOptional(),
  }),
)

export function parseSecrets(json: string): SealedSecret[] {
  return secretsSchema.parse(JSON.parse(json))
}
