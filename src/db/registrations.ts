import { z } from 'zod'
import type { RegistrationId, SourceId, TenantId } from '../model/id.ts'

/** What we know of the hooks at one place of a source's provider. Times in milliseconds. */
export interface RegistrationRecord extends Owner {
  id: RegistrationId
  place: Place
  settings: RegistrationSettings
  /** Sealed with the id as context; null: they are given for each call. */
  credentials: string | null
  createdAt: number
  updatedAt: number
}

interface Owner {
  tenantId: TenantId
  sourceId: SourceId
}

const placeSchema = z.object({ baseUrl: z.string(), target: z.record(z.string(), z.string()) })
/** Where hooks are made: a source has one registration for each place. */
export type Place = z.infer<typeof placeSchema>

const settingsSchema = z.object({
  /** What the provider was told to call. */
  url: z.string(),
  events: z.array(z.string()),
  /** Empty: the provider has not yet said that they are made. */
  hookIds: z.array(z.string()),
  /** The source's secret that the hooks sign with, as it is sealed there; null: not known here. */
  secret: z.string().nullable(),
  /** The secret came with the registration, and goes with it. */
  bringsSecret: z.boolean(),
})
export type RegistrationSettings = z.infer<typeof settingsSchema>

type Row = Omit<RegistrationRecord, 'place' | 'settings'> & { place: string; settings: string }

const COLUMNS = `source_id AS sourceId, place, id, tenant_id AS tenantId, settings, credentials,
  created_at AS createdAt, updated_at AS updatedAt`

/**
 * Takes the right to work on the registration at the place until `until`; makes it when there is none, which shows in
 * its id. Undefined: somebody else has the right, or the source is gone.
 */
export async function claimRegistration(
  db: D1Database,
  fresh: RegistrationRecord,
  { now, until }: { now: number; until: number },
): Promise<RegistrationRecord | undefined> {
  const { sourceId, place, id, tenantId, settings } = fresh
  const row = await db
    .prepare(
      `INSERT INTO registrations (source_id, place, id, tenant_id, settings, leased_until, created_at, updated_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7
       WHERE EXISTS (SELECT 1 FROM sources WHERE sources.id = ?1 AND sources.tenant_id = ?4)
       ON CONFLICT (source_id, place) DO UPDATE SET leased_until = excluded.leased_until WHERE leased_until <= ?7
       RETURNING ${COLUMNS}`,
    )
    .bind(sourceId, placeKey(place), id, tenantId, JSON.stringify(settings), until, now)
    .first<Row>()
  return row ? recordOf(row) : undefined
}

/** As `claimRegistration`, for one that is there. */
export async function leaseRegistration(
  db: D1Database,
  { sourceId, place }: RegistrationRecord,
  { now, until }: { now: number; until: number },
): Promise<boolean> {
  const result = await db
    .prepare(
      'UPDATE registrations SET leased_until = ?3 WHERE source_id = ?1 AND place = ?2 AND leased_until <= ?4',
    )
    .bind(sourceId, placeKey(place), until, now)
    .run()
  return result.meta.changes > 0
}

/** Writes what has become of it, and gives the right to work on it back. */
export async function saveRegistration(db: D1Database, record: RegistrationRecord): Promise<void> {
  const { sourceId, place, settings, credentials, updatedAt } = record
  await db
    .prepare(
      `UPDATE registrations SET settings = ?3, credentials = ?4, updated_at = ?5, leased_until = 0
       WHERE source_id = ?1 AND place = ?2`,
    )
    .bind(sourceId, placeKey(place), JSON.stringify(settings), credentials, updatedAt)
    .run()
}

export async function deleteRegistration(
  db: D1Database,
  { sourceId, place }: Pick<RegistrationRecord, 'sourceId' | 'place'>,
): Promise<void> {
  await db
    .prepare('DELETE FROM registrations WHERE source_id = ?1 AND place = ?2')
    .bind(sourceId, placeKey(place))
    .run()
}

/** All of a source: it has few. */
export async function listRegistrations(
  db: D1Database,
  { tenantId, sourceId }: Owner,
): Promise<RegistrationRecord[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM registrations WHERE source_id = ?1 AND tenant_id = ?2 ORDER BY id DESC`)
    .bind(sourceId, tenantId)
    .all<Row>()
  return results.map(recordOf)
}

function recordOf({ place, settings, ...row }: Row): RegistrationRecord {
  return {
    ...row,
    place: placeSchema.parse(JSON.parse(place)),
    settings: settingsSchema.parse(JSON.parse(settings)),
  }
}

/** One text for one place, whatever the order of the target's fields. */
export function placeKey({ baseUrl, target }: Place): string {
  const fields = Object.entries(target).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify({ baseUrl, target: Object.fromEntries(fields) })
}
