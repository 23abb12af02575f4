import type { TenantId } from '../model/id.ts'
import { eventTypeSettingsSchema, type EventType } from '../model/event-type.ts'

interface Row {
  name: string
  settings: string
  version: number
  createdAt: number
  updatedAt: number
}

const COLUMNS = 'name, settings, version, created_at AS createdAt, updated_at AS updatedAt'

export async function getEventType(
  db: D1Database,
  tenantId: TenantId,
  name: string,
): Promise<EventType | undefined> {
  const sql = `SELECT ${COLUMNS} FROM event_types WHERE tenant_id = ?1 AND name = ?2`
  const row = await db.prepare(sql).bind(tenantId, name).first<Row>()
  return row ? typeOf(tenantId, row) : undefined
}

export async function listEventTypes(
  db: D1Database,
  tenantId: TenantId,
  { after, limit, prefix = '' }: { after: string | undefined; limit: number; prefix?: string | undefined },
): Promise<EventType[]> {
  const sql = `SELECT ${COLUMNS} FROM event_types
    WHERE tenant_id = ?1 AND name > ?2 AND substr(name, 1, length(?4)) = ?4 ORDER BY name LIMIT ?3`
  const { results } = await db
    .prepare(sql)
    .bind(tenantId, after ?? '', limit, prefix)
    .all<Row>()
  return results.map((row) => typeOf(tenantId, row))
}

/** Makes the type, or gives it new settings when `version` is the one after the stored. */
export async function putEventType(db: D1Database, type: EventType): Promise<boolean> {
  const sql = `INSERT INTO event_types (tenant_id, name, settings, version, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT DO UPDATE SET settings = excluded.settings, version = excluded.version,
      updated_at = excluded.updated_at
    WHERE event_types.version = excluded.version - 1`
  const { tenantId, name, settings, version, createdAt, updatedAt } = type
  const statement = db
    .prepare(sql)
    .bind(tenantId, name, JSON.stringify(settings), version, createdAt, updatedAt)
  return (await statement.run()).meta.changes > 0
}

/** Adds those whose names are not taken; answers how many. */
export async function addEventTypes(db: D1Database, types: readonly EventType[]): Promise<number> {
  const sql = `INSERT INTO event_types (tenant_id, name, settings, version, created_at, updated_at)
    SELECT value ->> 'tenantId', value ->> 'name', value -> 'settings', value ->> 'version',
      value ->> 'createdAt', value ->> 'updatedAt'
    FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`
  const { meta } = await db.prepare(sql).bind(JSON.stringify(types)).run()
  return meta.changes
}

export async function deleteEventType(db: D1Database, tenantId: TenantId, name: string): Promise<boolean> {
  const sql = 'DELETE FROM event_types WHERE tenant_id = ?1 AND name = ?2'
  return (await db.prepare(sql).bind(tenantId, name).run()).meta.changes > 0
}

function typeOf(tenantId: TenantId, { settings, ...row }: Row): EventType {
  return { tenantId, ...row, settings: eventTypeSettingsSchema.parse(JSON.parse(settings)) }
}
