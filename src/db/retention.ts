import { firstIdAt, type TenantId } from '../model/id.ts'
import { tenantSettingsSchema } from '../model/tenant.ts'

/** Rows of one table that one call removes: D1 asks for bulk deletes of 1,000 to 10,000. */
const ROWS_MAX = 5_000
const TABLES = [
  { table: 'events', prefix: 'evt' },
  { table: 'first_deliveries', prefix: 'evt' },
  { table: 'deliveries', prefix: 'dlv' },
  { table: 'rejections', prefix: 'rej' },
] as const

/** Tenants in ascending order of id after `after`, with how long each keeps its logs. */
export async function pageRetentions(
  db: D1Database,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<{ tenantId: TenantId; retentionDays: number }[]> {
  const { results } = await db
    .prepare('SELECT id, settings FROM tenants WHERE id > ?1 ORDER BY id LIMIT ?2')
    .bind(after, limit)
    .all<{ id: TenantId; settings: string }>()
  return results.map(({ id, settings }) => ({
    tenantId: id,
    retentionDays: tenantSettingsSchema.parse(JSON.parse(settings)).retentionDays,
  }))
}

/** Where the bodies are of the events that `expireLogs` would remove. */
export async function expiredBodies(
  logDb: D1Database,
  tenantId: TenantId,
  before: number,
): Promise<string[]> {
  const found = await logDb.batch<{ key: string }>(
    ['events', 'first_deliveries'].map((table) =>
      logDb
        .prepare(
          `SELECT key FROM (SELECT body_key AS key FROM ${table} WHERE tenant_id = ?1 AND id < ?2 ORDER BY id LIMIT ${ROWS_MAX})
           WHERE key IS NOT NULL`,
        )
        .bind(tenantId, firstIdAt('evt', before)),
    ),
  )
  return found.flatMap(({ results }) => results.map(({ key }) => key))
}

/** Removes the oldest logs of events received before `before` (ms), a bounded number; answers how many. */
export async function expireLogs(logDb: D1Database, tenantId: TenantId, before: number): Promise<number> {
  const removed = await logDb.batch(
    TABLES.map(({ table, prefix }) =>
      logDb
        .prepare(
          `DELETE FROM ${table} WHERE tenant_id = ?1 AND id IN
             (SELECT id FROM ${table} WHERE tenant_id = ?1 AND id < ?2 ORDER BY id LIMIT ${ROWS_MAX})`,
        )
        .bind(tenantId, firstIdAt(prefix, before)),
    ),
  )
  return removed.reduce((rows, { meta }) => rows + meta.changes, 0)
}
