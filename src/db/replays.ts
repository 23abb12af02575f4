import { z } from 'zod'
import { firstIdAt, idSchema, type EndpointId, type ReplayId, type TenantId } from '../model/id.ts'
import type { Replay, ReplayQuery, ReplayState } from '../model/replay.ts'
import type { Page } from './config-rows.ts'

const COLUMNS = `id, tenant_id AS tenantId, query, endpoint_id AS endpointId, rate_per_second AS ratePerSecond, state,
  matched, done, failed, error, cursor, leased_until AS leasedUntil, created_at AS createdAt, updated_at AS updatedAt`
const IS_OPEN = `state IN ('planned', 'running')`

type Row = Omit<Replay, 'query'> & { query: string }

const querySchema: z.ZodType<ReplayQuery> = z.object({
  endpointId: idSchema('ep').optional(),
  eventIds: z.array(idSchema('evt')).optional(),
  eventType: z.string().optional(),
  sourceId: idSchema('src').optional(),
  status: z.enum(['dead', 'delivered', 'cancelled']).optional(),
  from: z.number(),
  to: z.number(),
})

export async function insertReplay(db: D1Database, replay: Replay): Promise<void> {
  const { id, tenantId, query, endpointId, ratePerSecond, state, matched, createdAt } = replay
  await db
    .prepare(
      `INSERT INTO replays (id, tenant_id, query, endpoint_id, rate_per_second, state, matched, done, failed,
         leased_until, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, ?8, ?8)`,
    )
    .bind(id, tenantId, JSON.stringify(query), endpointId, ratePerSecond, state, matched, createdAt)
    .run()
}

export async function getReplay(
  db: D1Database,
  tenantId: TenantId,
  id: ReplayId,
): Promise<Replay | undefined> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM replays WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<Row>()
  return row ? replayOf(row) : undefined
}

/** Newest first. */
export async function listReplays(
  db: D1Database,
  tenantId: TenantId,
  { after, limit, where = {} }: Page,
): Promise<Replay[]> {
  const sql = `SELECT ${COLUMNS} FROM replays WHERE tenant_id = ?1 AND id < ?2
    AND (?4 IS NULL OR state = ?4) AND (?5 IS NULL OR endpoint_id = ?5) ORDER BY id DESC LIMIT ?3`
  const { results } = await db
    .prepare(sql)
    .bind(tenantId, after ?? '~', limit, where.state ?? null, where.endpointId ?? null)
    .all<Row>()
  return results.map(replayOf)
}

/** How many of the tenant's replays have not ended, up to `max`. */
export async function countOpenReplays(db: D1Database, tenantId: TenantId): Promise<number> {
  const statement = db
    .prepare(`SELECT count(*) AS count FROM replays WHERE tenant_id = ?1 AND ${IS_OPEN}`)
    .bind(tenantId)
  return (await statement.first<number>('count')) ?? 0
}

/** Replays that may take a step now, the oldest first. */
export async function pageDueReplays(
  db: D1Database,
  { now, limit }: { now: number; limit: number },
): Promise<ReplayId[]> {
  const { results } = await db
    .prepare(`SELECT id FROM replays WHERE ${IS_OPEN} AND leased_until <= ?1 ORDER BY id LIMIT ?2`)
    .bind(now, limit)
    .all<{ id: ReplayId }>()
  return results.map(({ id }) => id)
}

/** Takes the right to the next step until `until`. Undefined: it has ended, or another has the right. */
export async function claimReplay(
  db: D1Database,
  id: ReplayId,
  { now, until }: { now: number; until: number },
): Promise<Replay | undefined> {
  const row = await db
    .prepare(
      `UPDATE replays SET leased_until = ?2, state = 'running', updated_at = ?3
       WHERE id = ?1 AND ${IS_OPEN} AND leased_until <= ?3 RETURNING ${COLUMNS}`,
    )
    .bind(id, until, now)
    .first<Row>()
  return row ? replayOf(row) : undefined
}

export type Progress = Pick<
  Replay,
  'state' | 'matched' | 'done' | 'failed' | 'error' | 'cursor' | 'leasedUntil'
>

/** Keeps what a step did, unless the replay was aborted meanwhile or another step took over. */
export async function saveReplay(
  db: D1Database,
  { id, leasedUntil }: Replay,
  { progress, now }: { progress: Progress; now: number },
): Promise<boolean> {
  const { state, matched, done, failed, error, cursor } = progress
  const { meta } = await db
    .prepare(
      `UPDATE replays SET state = ?3, matched = ?4, done = ?5, failed = ?6, error = ?7, cursor = ?8, leased_until = ?9,
         updated_at = ?10
       WHERE id = ?1 AND ${IS_OPEN} AND leased_until = ?2`,
    )
    .bind(id, leasedUntil, state, matched, done, failed, error, cursor, progress.leasedUntil, now)
    .run()
  return meta.changes > 0
}

/** Ends it where it stands. False: it had ended before. */
export async function abortReplay(
  db: D1Database,
  { tenantId, id, now }: { tenantId: TenantId; id: ReplayId; now: number },
): Promise<boolean> {
  const aborted: ReplayState = 'aborted'
  const { meta } = await db
    .prepare(`UPDATE replays SET state = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2 AND ${IS_OPEN}`)
    .bind(tenantId, id, aborted, now)
    .run()
  return meta.changes > 0
}

/** Removes some of the replays that ended and were made before `before` (ms). */
export async function expireReplays(
  db: D1Database,
  { before, limit }: { before: number; limit: number },
): Promise<void> {
  await db
    .prepare(
      `DELETE FROM replays WHERE id IN (SELECT id FROM replays WHERE id < ?1 AND NOT (${IS_OPEN}) ORDER BY id LIMIT ?2)`,
    )
    .bind(firstIdAt('rpl', before), limit)
    .run()
}

function replayOf({ query, ...row }: Row): Replay {
  return {
    ...row,
    endpointId: row.endpointId as EndpointId | null,
    query: querySchema.parse(JSON.parse(query)),
  }
}
