import type { RejectionRow } from '../model/delivery-log.ts'
import type { TenantId } from '../model/id.ts'
import type { HeaderPair } from '../model/request.ts'
import type { Page } from './config-rows.ts'
import { scanPage, type Scanned } from './scan.ts'

const COLUMNS = `id, tenant_id AS tenantId, source_id AS sourceId, at, reason, detail, ip, country, method, headers,
  body_sample AS bodySample`

export async function listRejections(
  logDb: D1Database,
  { tenantId, sourceId, page }: { tenantId: TenantId; sourceId: string | undefined; page: Page },
): Promise<Scanned<RejectionRow>> {
  const { rows, next } = await scanPage<Omit<RejectionRow, 'headers'> & { headers: string }>(logDb, {
    table: 'rejections',
    columns: COLUMNS,
    tenantId,
    filters: { sourceId },
    from: undefined,
    before: page.after,
    limit: page.limit,
  })
  return { rows: rows.map((row) => ({ ...row, headers: JSON.parse(row.headers) as HeaderPair[] })), next }
}
