import type { SourceId, TenantId } from '../model/id.ts'

/** An intake object that may hold unsettled events. */
export interface Intake {
  name: string
  tenantId: TenantId
  /** Null: it takes what the tenant publishes. */
  sourceId: SourceId | null
}

/** Makes the object known to the sweep. Repeats cost nothing. `now` in milliseconds. */
export async function registerIntake(db: D1Database, intake: Intake, now: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO intakes (name, tenant_id, source_id, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
    )
    .bind(intake.name, intake.tenantId, intake.sourceId, now)
    .run()
}

/** Intakes in order of name after `after` (or from the first), at most `limit`. */
export async function pageIntakes(
  db: D1Database,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<Intake[]> {
  const { results } = await db
    .prepare(
      `SELECT name, tenant_id AS tenantId, source_id AS sourceId FROM intakes WHERE name > ?1 ORDER BY name LIMIT ?2`,
    )
    .bind(after, limit)
    .all<Intake>()
  return results
}
