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

/** Removes what is no longer replayed; for the sweep. */
export async function expireKeys(db: D1Database, now: number): Promise<void> {
  await db
    .prepare('DELETE FROM idempotency WHERE created_at <= ?1')
    .bind(now - KEPT_MS)
    .run()
}
