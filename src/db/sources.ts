import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import type { SourceId, TenantId } from '../model/id.ts'
import { openConfig } from '../model/sealed-config.ts'
import { liveSecrets, type SealedParts, type SealedSecret, type Sealer } from '../model/seal.ts'
import { mergeMasking } from '../model/masking.ts'
import {
  HIDDEN_VALUE,
  sourceSettingsSchema,
  type Sibling,
  type Source,
  type SourceSettings,
} from '../model/source.ts'
import { tenantSettingsSchema } from '../model/tenant.ts'
import { findRow, pageRows, parseSecrets, type Page } from './config-rows.ts'
import { sources } from './schema.ts'

/** A source as it is stored: secrets sealed with its id as context. Times in milliseconds. */
export interface SourceRecord {
  id: SourceId
  tenantId: TenantId
  uid: string | null
  name: string
  provider: string
  settings: SourceSettings
  /** What `settings` shows as `***`. */
  sealed?: SealedParts
  secrets: SealedSecret[]
  version: number
  createdAt: number
  updatedAt: number
}

/**
 * The source behind an ingestion URL, with its live secrets opened. Answered by the nearest replica, which may be
 * some seconds old; `fresh` asks the primary, for when the old answer did not fit.
 */
export async function findSource(
  { db, sealer, now, fresh = false }: { db: D1Database; sealer: Sealer; now: number; fresh?: boolean },
  id: SourceId,
): Promise<Source | undefined> {
  const row = await db
    .withSession(fresh ? 'first-primary' : 'first-unconstrained')
    .prepare(
      `SELECT tenant_id AS tenantId, sources.name, provider, sources.settings, secrets, sources.version,
         tenants.settings AS tenantSettings
       FROM sources LEFT JOIN tenants ON tenants.id = tenant_id WHERE sources.id = ?1`,
    )
    .bind(id)
    .first<{
      tenantId: TenantId
      name: string
      provider: string
      settings: string
      secrets: string
      version: number
      tenantSettings: string | null
    }>()
  if (!row) return undefined
  const { settings: stored, secrets, tenantSettings, ...rest } = row
  const live = liveSecrets(parseSecrets(secrets), now)
  const settings = await openSettings(stored, { id, sealer })
  const tenant = tenantSettingsSchema.parse(JSON.parse(tenantSettings ?? '{}'))
  return {
    id,
    ...rest,
    settings,
    masking: mergeMasking(tenant.masking, settings.masking),
    secrets: await Promise.all(live.map((each) => sealer.open(each.sealed, id))),
  }
}

const storedSchema = sourceSettingsSchema.extend({ sealed: z.record(z.string(), z.string()).default({}) })

async function openSettings(
  json: string,
  { id, sealer }: { id: SourceId; sealer: Sealer },
): Promise<SourceSettings> {
  const { sealed, ...stored } = storedSchema.parse(JSON.parse(json))
  const settings = { ...stored, config: await openConfig(stored.config, { id, sealer }) }
  const value = sealed[HIDDEN_VALUE]
  if (settings.hidden === null || value === undefined) return settings
  return { ...settings, hidden: { ...settings.hidden, value: await sealer.open(value, id) } }
}

/** Looked at among the newest sources of the tenant, so that a tenant with many costs no more. */
const SIBLINGS_LOOKED_AT_MAX = 100
const SIBLINGS_MAX = 10

/** Sources of the same tenant and provider, the source itself first, with the secrets that have ended. */
export async function findSiblings(
  { db, sealer }: { db: D1Database; sealer: Sealer },
  { id, tenantId, provider }: Pick<Source, 'id' | 'tenantId' | 'provider'>,
): Promise<Sibling[]> {
  const { results } = await db
    .prepare(
      `SELECT id, name, secrets FROM (
         SELECT id, name, secrets, provider FROM sources WHERE tenant_id = ?1 ORDER BY id = ?2 DESC, id DESC LIMIT ?4
       ) WHERE provider = ?3 LIMIT ?5`,
    )
    .bind(tenantId, id, provider, SIBLINGS_LOOKED_AT_MAX, SIBLINGS_MAX)
    .all<{ id: SourceId; name: string; secrets: string }>()
  return await Promise.all(
    results.map(async ({ secrets, ...sibling }) => ({
      ...sibling,
      secrets: await Promise.all(parseSecrets(secrets).map((each) => sealer.open(each.sealed, sibling.id))),
    })),
  )
}

export async function getSource(
  db: D1Database,
  by: { tenantId: TenantId } & ({ id: string } | { uid: string }),
): Promise<SourceRecord | undefined> {
  const row = await findRow(db, sources, by)
  return row && recordOf(row)
}

export async function listSources(db: D1Database, tenantId: TenantId, page: Page): Promise<SourceRecord[]> {
  return (await pageRows(db, sources, tenantId, page)).map(recordOf)
}

/** False when another source of the tenant has the uid. */
export async function insertSource(db: D1Database, record: SourceRecord): Promise<boolean> {
  const result = await drizzle(db).insert(sources).values(rowOf(record)).onConflictDoNothing()
  return result.meta.changes > 0
}

/** Writes the record over the version before it. False: that version is no longer the stored one. */
export async function updateSource(db: D1Database, record: SourceRecord): Promise<boolean> {
  const result = await drizzle(db)
    .update(sources)
    .set(changeableOf(record))
    .where(
      and(
        eq(sources.tenantId, record.tenantId),
        eq(sources.id, record.id),
        eq(sources.version, record.version - 1),
      ),
    )
  return result.meta.changes > 0
}

/** Gives a source its first secret. False when it has one, or is gone. */
export async function keepFirstSecret(
  db: D1Database,
  { id, secret, now }: { id: SourceId; secret: SealedSecret; now: number },
): Promise<boolean> {
  const result = await db
    .prepare(
      `UPDATE sources SET secrets = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1 AND secrets = '[]'`,
    )
    .bind(id, JSON.stringify([secret]), now)
    .run()
  return result.meta.changes > 0
}

/** False: there is no such source, or it is still registered somewhere. */
export async function deleteSource(db: D1Database, tenantId: TenantId, id: SourceId): Promise<boolean> {
  const result = await db
    .prepare(
      `DELETE FROM sources WHERE tenant_id = ?1 AND id = ?2
       AND NOT EXISTS (SELECT 1 FROM registrations WHERE source_id = ?2)`,
    )
    .bind(tenantId, id)
    .run()
  return result.meta.changes > 0
}

function recordOf(row: typeof sources.$inferSelect): SourceRecord {
  const { sealed, ...settings } = storedSchema.parse(JSON.parse(row.settings))
  return {
    id: row.id as SourceId,
    tenantId: row.tenantId as TenantId,
    uid: row.uid,
    name: row.name,
    provider: row.provider,
    settings,
    sealed,
    secrets: parseSecrets(row.secrets),
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}

function rowOf(record: SourceRecord): typeof sources.$inferInsert {
  const { id, tenantId, uid, provider, createdAt } = record
  return { id, tenantId, uid, provider, createdAt, ...changeableOf(record) }
}

/** Without the indexed columns: to set one, even to what it was, costs a row. */
function changeableOf({ name, settings, sealed, secrets, version, updatedAt }: SourceRecord) {
  return {
    name,
    state: settings.state,
    settings: JSON.stringify({ ...settings, sealed }),
    secrets: JSON.stringify(secrets),
    version,
    updatedAt,
  }
}
