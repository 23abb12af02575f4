/** Where a sweep stopped in a list; undefined: it begins anew. */
export async function loadSweepCursor(db: D1Database, list: string): Promise<string | undefined> {
  const cursor = await db
    .prepare('SELECT cursor FROM sweeps WHERE list = ?1')
    .bind(list)
    .first<string | null>('cursor')
  return cursor ?? undefined
}

/** Also the heartbeat: `swept_at` (ms) says when the list was last worked on. One row. */
export async function saveSweepCursor(
  db: D1Database,
  list: string,
  cursor: string | undefined,
  now: number,
): Promise<void> {
  await db
    .prepare(
      'INSERT INTO sweeps (list, cursor, swept_at) VALUES (?1, ?2, ?3) ON CONFLICT (list) DO UPDATE SET cursor = excluded.cursor, swept_at = excluded.swept_at',
    )
    .bind(list, cursor ?? null, now)
    .run()
}

/** When each list was last worked on (ms). */
export async function heartbeats(db: D1Database): Promise<{ list: string; sweptAt: number }[]> {
  const { results } = await db
    .prepare('SELECT list, swept_at AS sweptAt FROM sweeps ORDER BY list')
    .all<{ list: string; sweptAt: number }>()
  return results
}
