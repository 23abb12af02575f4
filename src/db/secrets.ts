import type { EndpointId, SourceId, TenantId } from '../model/id.ts'

/** A secret that configuration names. Times in milliseconds. */
export interface SharedSecret {
  tenantId: TenantId
  name: string
  /** With `secretContext` as context. */
  sealed: string
  createdAt: number
  updatedAt: number
}

const COLUMNS = 'tenant_id AS tenantId, name, sealed, created_at AS createdAt, updated_at AS updatedAt'

export function secretContext({ tenantId, name }: Pick<SharedSecret, 'tenantId' | 'name'>): string {
  return `secrets/${tenantId}/${name}`
}

export async function getSecret(
  db: D1Database,
  { tenantId, name }: Pick<SharedSecret, 'tenantId' | 'name'>,
): Promise<SharedSecret | undefined> {
  const sql = `SELECT ${COLUMNS} FROM secrets WHERE tenant_id = ?1 AND name = ?2`
  return (await db.prepare(sql).bind(tenantId, name).first<SharedSecret>()) ?? undefined
}

export async function secretsNamed(
  db: D1Database,
  { tenantId, names }: { tenantId: TenantId; names: readonly string[] },
): Promise<SharedSecret[]> {
  const sql = `SELECT ${COLUMNS} FROM secrets WHERE tenant_id = ?1 AND name IN (SELECT value FROM json_each(?2))`
  return (await db.prepare(sql).bind(tenantId, JSON.stringify(names)).all<SharedSecret>()).results
}

export async function listSecrets(
  db: D1Database,
  tenantId: TenantId,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<SharedSecret[]> {
  const sql = `SELECT ${COLUMNS} FROM secrets WHERE tenant_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3`
  return (await db.prepare(sql).bind(tenantId, after, limit).all<SharedSecret>()).results
}

export async function putSecret(db: D1Database, secret: SharedSecret): Promise<void> {
  const sql = `INSERT INTO secrets (tenant_id, name, sealed, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at`
  const { tenantId, name, sealed, createdAt, updatedAt } = secret
  await db.prepare(sql).bind(tenantId, name, sealed, createdAt, updatedAt).run()
}

export async function deleteSecret(db: D1Database, tenantId: TenantId, name: string): Promise<boolean> {
  const sql = 'DELETE FROM secrets WHERE tenant_id = ?1 AND name = ?2'
  return (await db.prepare(sql).bind(tenantId, name).run()).meta.changes > 0
}

/** The sources and endpoints that name the secret, at most `limit` of each. Reads every one of the tenant. */
export async function usersOf(
  db: D1Database,
  { tenantId, name, limit }: { tenantId: TenantId; name: string; limit: number },
): Promise<{ sources: SourceId[]; endpoints: EndpointId[] }> {
  const inSecrets = `EXISTS (SELECT 1 FROM json_each(secrets) WHERE value ->> 'reference' = ?2)`
  const inSettings = `EXISTS (SELECT 1 FROM json_each(settings, '$.references') WHERE value = ?2)`
  const select = (table: string, where: string) =>
    db
      .prepare(`SELECT id FROM ${table} WHERE tenant_id = ?1 AND (${where}) ORDER BY id LIMIT ?3`)
      .bind(tenantId, name, limit)
  const [sources, endpoints] = await db.batch<{ id: string }>([
    select('sources', inSecrets),
    select('endpoints', `${inSecrets} OR ${inSettings}`),
  ])
  return {
    sources: (sources?.results ?? []).map(({ id }) => id as SourceId),
    endpoints: (endpoints?.results ?? []).map(({ id }) => id as EndpointId),
  }
}

/** Of every tenant, in order after `after`, which is a tenant and a name. */
export async function pageAllSecrets(
  db: D1Database,
  { after = ' ', limit }: { after?: string | undefined; limit: number },
): Promise<SharedSecret[]> {
  const [tenantId = '', name = ''] = after.split(' ')
  const sql = `SELECT ${COLUMNS} FROM secrets WHERE (tenant_id, name) > (?1, ?2) ORDER BY tenant_id, name LIMIT ?3`
  return (await db.prepare(sql).bind(tenantId, name, limit).all<SharedSecret>()).results
}
