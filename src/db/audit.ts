import type { TenantId } from '../model/id.ts'
import type { Page } from './config-rows.ts'
import type { Scanned } from './merge.ts'
import { scanPage } from './scan.ts'

/** A call that changed something, or was refused to. `before` and `after` as the API shows the resource, masked. */
export interface AuditRow {
  id: string
  tenantId: TenantId
  /** A token's id, or `root`. */
  actor: string
  action: string
  /** The kind of resource. */
  resource: string
  resourceId: string | null
  status: number
  /** The problem's code, when it was refused. */
  code: string | null
  ip: string | null
  requestId: string
  before: unknown
  after: unknown
}

type Stored = Omit<AuditRow, 'before' | 'after'> & { before: string | null; after: string | null }

const COLUMNS = `id, tenant_id AS tenantId, actor, action, resource, resource_id AS resourceId, status, code, ip,
  request_id AS requestId, before, after`

/** One row. */
export async function insertAudit(logDb: D1Database, row: AuditRow): Promise<void> {
  await logDb
    .prepare(
      `INSERT INTO audit (id, tenant_id, actor, action, resource, resource_id, status, code, ip, request_id, before, after)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
    )
    .bind(
      row.id,
      row.tenantId,
      row.actor,
      row.action,
      row.resource,
      row.resourceId,
      row.status,
      row.code,
      row.ip,
      row.requestId,
      jsonOrNull(row.before),
      jsonOrNull(row.after),
    )
    .run()
}

export interface AuditFilter {
  actor?: string | undefined
  action?: string | undefined
  resource?: string | undefined
  resourceId?: string | undefined
  /** Milliseconds; `to` exclusive. */
  from?: number | undefined
  to?: number | undefined
}

export async function listAudit(
  logDb: D1Database,
  { tenantId, filter, page }: { tenantId: TenantId; filter: AuditFilter; page: Page },
): Promise<Scanned<AuditRow>> {
  const { actor, action, resource, resourceId, from, to } = filter
  const { rows, next } = await scanPage<Stored>(logDb, {
    prefix: 'aud',
    sources: [{ table: 'audit', prefix: 'aud', columns: COLUMNS }],
    tenantId,
    conditions: [
      { sql: 'actor = ?', value: actor },
      { sql: 'action = ?', value: action },
      { sql: 'resource = ?', value: resource },
      { sql: 'resourceId = ?', value: resourceId },
    ],
    from,
    to,
    ...page,
  })
  return { rows: rows.map((row) => ({ ...row, before: parsed(row.before), after: parsed(row.after) })), next }
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value)
}

function parsed(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown)
}
