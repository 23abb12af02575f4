import { z } from 'zod'
import type { TenantId } from '../model/id.ts'

export interface LookupTable {
  name: string
  entries: Record<string, unknown>
  /** Milliseconds. */
  updatedAt: number
}

interface Row {
  name: string
  entries: string
  updatedAt: number
}

const COLUMNS = 'name, entries, updated_at AS updatedAt'

export async function getLookupTable(
  db: D1Database,
  tenantId: TenantId,
  name: string,
): Promise<LookupTable | undefined> {
  const sql = `SELECT ${COLUMNS} FROM lookup_tables WHERE tenant_id = ?1 AND name = ?2`
  const row = await db.prepare(sql).bind(tenantId, name).first<Row>()
  return row ? tableOf(row) : undefined
}

export async function listLookupTables(
  db: D1Database,
  tenantId: TenantId,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<LookupTable[]> {
  const sql = `SELECT ${COLUMNS} FROM lookup_tables WHERE tenant_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3`
  const { results } = await db
    .prepare(sql)
    .bind(tenantId, after ?? '', limit)
    .all<Row>()
  return results.map(tableOf)
}

export async function putLookupTable(db: D1Database, tenantId: TenantId, table: LookupTable): Promise<void> {
  const sql = `INSERT INTO lookup_tables (tenant_id, name, entries, updated_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET entries = excluded.entries, updated_at = excluded.updated_at`
  await db.prepare(sql).bind(tenantId, table.name, JSON.stringify(table.entries), table.updatedAt).run()
}

export async function deleteLookupTable(db: D1Database, tenantId: TenantId, name: string): Promise<boolean> {
  const sql = 'DELETE FROM lookup_tables WHERE tenant_id = ?1 AND name = ?2'
  return (await db.prepare(sql).bind(tenantId, name).run()).meta.changes > 0
}

/** For transformations; a table that does not exist has no entries. */
export async function findLookupEntries(
  db: D1Database,
  tenantId: TenantId,
  name: string,
): Promise<Map<string, unknown>> {
  return new Map(Object.entries((await getLookupTable(db, tenantId, name))?.entries ?? {}))
}

function tableOf({ name, entries, updatedAt }: Row): LookupTable {
  return { name, entries: z.record(z.string(), z.unknown()).parse(JSON.parse(entries)), updatedAt }
}
