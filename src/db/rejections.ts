import type { RejectionRow } from '../model/delivery-log.ts'
import type { TenantId } from '../model/id.ts'
import type { HeaderPair } from '../model/request.ts'
import type { Page } from './config-rows.ts'
import type { Scanned } from './merge.ts'
import { scanPage } from './scan.ts'

const COLUMNS = `id, tenant_id AS tenantId, source_id AS sourceId, at, reason, detail, ip, country, method, headers,
  body_sample AS bodySample`

export interface RejectionFilter {
  sourceId?: string | undefined
  reason?: string | undefined
  country?: string | undefined
  ip?: string | undefined
  /** Anywhere in what was kept of the body. */
  text?: string | undefined
  /** Anywhere in what was kept of the request. */
  anywhere?: string | undefined
  /** Milliseconds; `to` exclusive. */
  from?: number | undefined
  to?: number | undefined
}

export async function listRejections(
  logDb: D1Database,
  { tenantId, filter, page }: { tenantId: TenantId; filter: RejectionFilter; page: Page },
): Promise<Scanned<RejectionRow>> {
  const { sourceId, reason, country, ip, text, anywhere, from, to } = filter
  const { rows, next } = await scanPage<Omit<RejectionRow, 'headers'> & { headers: string }>(logDb, {
    prefix: 'rej',
    sources: [{ table: 'rejections', prefix: 'rej', columns: COLUMNS }],
    tenantId,
    conditions: [
      { sql: 'sourceId = ?', value: sourceId },
      { sql: 'reason = ?', value: reason },
      { sql: 'country = ?', value: country },
      { sql: 'ip = ?', value: ip },
      { sql: 'instr(lower(bodySample), lower(?)) > 0', value: text },
      { sql: 'instr(lower(bodySample || headers || detail), lower(?)) > 0', value: anywhere },
    ],
    from,
    to,
    ...page,
    isText: text !== undefined || anywhere !== undefined,
  })
  return { rows: rows.map((row) => ({ ...row, headers: JSON.parse(row.headers) as HeaderPair[] })), next }
}
