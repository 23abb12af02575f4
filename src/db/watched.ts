import { deleteToken } from './tokens.ts'
import type { TenantId, TokenId } from '../model/id.ts'
import type { SealedSecret } from '../model/seal.ts'
import { parseSecrets } from './config-rows.ts'

/** Sources or endpoints of every tenant with their secrets, in order of id after `after`. */
export async function pageSecrets(
  db: D1Database,
  table: 'sources' | 'endpoints',
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<{ id: string; tenantId: TenantId; name: string; secrets: SealedSecret[]; updatedAt: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT id, tenant_id AS tenantId, name, secrets, updated_at AS updatedAt FROM ${table}
       WHERE id > ?1 ORDER BY id LIMIT ?2`,
    )
    .bind(after, limit)
    .all<{ id: string; tenantId: TenantId; name: string; secrets: string; updatedAt: number }>()
  return results.map((row) => ({ ...row, secrets: parseSecrets(row.secrets) }))
}

/** Tokens of every tenant in order of id after `after`. Times in milliseconds. */
export async function pageAllTokens(
  db: D1Database,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<{ id: string; tenantId: TenantId; name: string; expiresAt: number | null }[]> {
  const { results } = await db
    .prepare(
      `SELECT id, tenant_id AS tenantId, name, expires_at AS expiresAt FROM tokens
       WHERE id > ?1 ORDER BY id LIMIT ?2`,
    )
    .bind(after, limit)
    .all<{ id: string; tenantId: TenantId; name: string; expiresAt: number | null }>()
  return results
}

export async function removeToken(
  db: D1Database,
  { tenantId, id }: { tenantId: TenantId; id: string },
): Promise<void> {
  await deleteToken(db, tenantId, id as TokenId)
}
