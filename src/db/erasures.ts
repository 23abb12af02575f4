import type { Erasure, ErasureId } from '../model/erasure.ts'
import type { TenantId } from '../model/id.ts'
import { clear, type Cleared } from './clearing.ts'
import type { Page } from './config-rows.ts'

const COLUMNS = 'tenant_id AS tenantId, id, state, report, subject, leased_until AS leasedUntil'
const IS_OPEN = `state <> 'done'`

type Row = Omit<Erasure, 'report'> & { report: string }

export async function insertErasure(logDb: D1Database, erasure: Erasure): Promise<void> {
  const { tenantId, id, state, report, subject, leasedUntil } = erasure
  await logDb
    .prepare(
      'INSERT INTO erasures (tenant_id, id, state, report, subject, leased_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)',
    )
    .bind(tenantId, id, state, JSON.stringify(report), subject, leasedUntil)
    .run()
}

export async function getErasure(
  logDb: D1Database,
  tenantId: TenantId,
  id: ErasureId,
): Promise<Erasure | undefined> {
  const row = await logDb
    .prepare(`SELECT ${COLUMNS} FROM erasures WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<Row>()
  return row ? erasureOf(row) : undefined
}

/** Newest first. */
export async function listErasures(
  logDb: D1Database,
  tenantId: TenantId,
  { after, limit }: Page,
): Promise<Erasure[]> {
  const { results } = await logDb
    .prepare(`SELECT ${COLUMNS} FROM erasures WHERE tenant_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3`)
    .bind(tenantId, after ?? '~', limit)
    .all<Row>()
  return results.map(erasureOf)
}

/** Erasures of all tenants that may take a step now, the oldest first. */
export async function dueErasures(
  logDb: D1Database,
  { now, limit }: { now: number; limit: number },
): Promise<ErasureId[]> {
  const { results } = await logDb
    .prepare(`SELECT id FROM erasures WHERE ${IS_OPEN} AND leased_until <= ?1 ORDER BY id LIMIT ?2`)
    .bind(now, limit)
    .all<{ id: ErasureId }>()
  return results.map(({ id }) => id)
}

/** Takes the right to the next step until `until`. Undefined: it is done, or another has the right. */
export async function claimErasure(
  logDb: D1Database,
  id: ErasureId,
  { now, until }: { now: number; until: number },
): Promise<Erasure | undefined> {
  const row = await logDb
    .prepare(
      `UPDATE erasures SET leased_until = ?2 WHERE id = ?1 AND ${IS_OPEN} AND leased_until <= ?3 RETURNING ${COLUMNS}`,
    )
    .bind(id, until, now)
    .first<Row>()
  return row ? erasureOf(row) : undefined
}

/** Clears the log and keeps the progress: both or neither. */
export async function saveStep(logDb: D1Database, erasure: Erasure, cleared: Cleared): Promise<void> {
  const { id, tenantId, state, report, subject, leasedUntil } = erasure
  await logDb.batch([
    ...clear(logDb, erasure, cleared),
    logDb
      .prepare(
        `UPDATE erasures SET state = ?3, report = ?4, subject = ?5, leased_until = ?6 WHERE tenant_id = ?1 AND id = ?2`,
      )
      .bind(tenantId, id, state, JSON.stringify(report), subject, leasedUntil),
  ])
}

function erasureOf({ report, ...row }: Row): Erasure {
  return { ...row, report: JSON.parse(report) as Erasure['report'] }
}
