import { and, desc, eq, lt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import type { TenantId, TokenId } from '../model/id.ts'
import { scopeSchema, type Token } from '../model/token.ts'
import type { Page } from './config-rows.ts'
import { tokens } from './schema.ts'

const scopesSchema = z.array(scopeSchema)

/** By id alone, since a request brings a token before it is known whose it is. */
export async function findToken(db: D1Database, id: TokenId): Promise<Token | undefined> {
  const rows = await drizzle(db).select().from(tokens).where(eq(tokens.id, id))
  return rows[0] && recordOf(rows[0])
}

export async function listTokens(
  db: D1Database,
  tenantId: TenantId,
  { after, limit }: Page,
): Promise<Token[]> {
  const rows = await drizzle(db)
    .select()
    .from(tokens)
    .where(and(eq(tokens.tenantId, tenantId), after === undefined ? undefined : lt(tokens.id, after)))
    .orderBy(desc(tokens.id))
    .limit(limit)
  return rows.map(recordOf)
}

export async function insertToken(db: D1Database, token: Token): Promise<void> {
  await drizzle(db)
    .insert(tokens)
    .values({ ...token, scopes: JSON.stringify(token.scopes) })
}

/** Adds a token in place of another, which ends at `oldExpiresAt` (ms). */
export async function replaceToken(
  db: D1Database,
  token: Token,
  { oldId, oldExpiresAt }: { oldId: TokenId; oldExpiresAt: number },
): Promise<void> {
  const query = drizzle(db)
  await query.batch([
    query.insert(tokens).values({ ...token, scopes: JSON.stringify(token.scopes) }),
    query.update(tokens).set({ expiresAt: oldExpiresAt }).where(eq(tokens.id, oldId)),
  ])
}

/** `now` in milliseconds. */
export async function markTokenUsed(db: D1Database, id: TokenId, now: number): Promise<void> {
  await drizzle(db).update(tokens).set({ lastUsedAt: now }).where(eq(tokens.id, id))
}

export async function deleteToken(db: D1Database, tenantId: TenantId, id: TokenId): Promise<boolean> {
  const result = await drizzle(db)
    .delete(tokens)
    .where(and(eq(tokens.tenantId, tenantId), eq(tokens.id, id)))
  return result.meta.changes > 0
}

function recordOf({ id, tenantId, scopes, ...row }: typeof tokens.$inferSelect): Token {
  return {
    ...row,
    id: id as TokenId,
    tenantId: tenantId as TenantId,
    scopes: scopesSchema.parse(JSON.parse(scopes)),
  }
}
