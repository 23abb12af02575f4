import type { TenantId } from '../model/id.ts'

/** How long an answer is replayed. */
const KEPT_MS = 86_400_000
/** A request that has not answered by then died with its isolate; the key may be used again. */
const CLAIM_MS = 60_000

/** A key in use: `at` (ms) tells this use of it from a later one. */
export interface Claim {
  tenantId: TenantId
  key: string
  requestHash: string
  at: number
}

export type Claimed =
  | { kind: 'claimed' }
  | { kind: 'answered'; status: number; answer: string }
  | { kind: 'under_way' }
  | { kind: 'other_request' }

/** Takes the key for one request, or says what became of the request that has it. Exactly one concurrent caller gets it. */
export async function claimKey(db: D1Database, { tenantId, key, requestHash, at }: Claim): Promise<Claimed> {
  const { meta } = await db
    .prepare(
      `INSERT INTO idempotency (tenant_id, key, request_hash, created_at) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET request_hash = ?3, status = NULL, answer = NULL, created_at = ?4
       WHERE created_at <= ?5 OR (status IS NULL AND created_at <= ?6)`,
    )
    .bind(tenantId, key, requestHash, at, at - KEPT_MS, at - CLAIM_MS)
    .run()
  if (meta.changes > 0) return { kind: 'claimed' }
  const row = await db
    .prepare(
      'SELECT request_hash AS requestHash, status, answer FROM idempotency WHERE tenant_id = ?1 AND key = ?2',
    )
    .bind(tenantId, key)
    .first<{ requestHash: string; status: number | null; answer: string | null }>()
  if (row && row.requestHash !== requestHash) return { kind: 'other_request' }
  if (!row || row.status === null || row.answer === null) return { kind: 'under_way' }
  return { kind: 'answered', status: row.status, answer: row.answer }
}

export async function keepAnswer(
  db: D1Database,
  { tenantId, key, at }: Claim,
  { status, answer }: { status: number; answer: string },
): Promise<void> {
  await db
    .prepare(
      'UPDATE idempotency SET status = ?4, answer = ?5 WHERE tenant_id = ?1 AND key = ?2 AND created_at = ?3',
    )
    .bind(tenantId, key, at, status, answer)
    .run()
}

/** For a request that changed nothing: the key is as if never used. */
export async function releaseKey(db: D1Database, { tenantId, key, at }: Claim): Promise<void> {
  await db
    .prepare('DELETE FROM idempotency WHERE tenant_id = ?1 AND key = ?2 AND created_at = ?3')
    .bind(tenantId, key, at)
    .run()
}

/** Keys that one run of `expireKeys` looks at. */
const EXPIRY_KEYS_MAX = 5_000

/**
 * Removes answers that are no longer replayed, from `after` on (undefined: from the first), and says where the next
 * run goes on. There is no index by time: it would cost every use of a key a row.
 */
export async function expireKeys(
  db: D1Database,
  { after, now }: { after: string | undefined; now: number },
): Promise<{ next: string | undefined }> {
  // Neither a tenant's id nor a key holds a space.
  const [tenantId = '', key = ''] = after?.split(' ') ?? []
  const range = '(tenant_id, key) > (?1, ?2)'
  const end = await db
    .prepare(
      `SELECT tenant_id AS tenantId, key FROM idempotency WHERE ${range} ORDER BY tenant_id, key LIMIT 1 OFFSET ?3`,
    )
    .bind(tenantId, key, EXPIRY_KEYS_MAX - 1)
    .first<{ tenantId: string; key: string }>()
  await db
    .prepare(`DELETE FROM idempotency WHERE ${range} AND (tenant_id, key) <= (?3, ?4) AND created_at <= ?5`)
    .bind(tenantId, key, end?.tenantId ?? '~', end?.key ?? '~', now - KEPT_MS)
    .run()
  return { next: end ? `${end.tenantId} ${end.key}` : undefined }
}
