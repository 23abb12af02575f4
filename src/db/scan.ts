import type { TenantId } from '../model/id.ts'

/** Rows that one page of a filtered list looks at; a row read costs a millionth of what an index row would. */
const SCAN_ROWS_MAX = 20_000

export interface Scan {
  table: 'events' | 'deliveries' | 'rejections'
  /** The select list, which holds `id`. A column that is not in it is not read. */
  columns: string
  tenantId: TenantId
  /** Equality on columns of the select list, by the names it gives them; undefined: any. */
  filters: Readonly<Record<string, string | undefined>>
  /** Ids at or after; undefined: from the first. */
  from: string | undefined
  /** Ids before; undefined: to the last. */
  before: string | undefined
  limit: number
}

export interface Scanned<Row> {
  rows: Row[]
  /** The page goes on before this id; undefined: nothing older can match. A page may be short and still go on. */
  next: string | undefined
}

/**
 * Newest first through the primary key, filtered, in bounded steps: at most `SCAN_ROWS_MAX` rows are looked at, and
 * `next` continues where the step ended. The column names come from this code, never from a caller.
 */
export async function scanPage<Row extends { id: string }>(
  db: D1Database,
  scan: Scan,
): Promise<Scanned<Row>> {
  const filters = Object.entries(scan.filters).filter(([, value]) => value !== undefined)
  const isFiltered = filters.length > 0
  const range = 'tenant_id = ?1 AND id >= ?2 AND id < ?3'
  const bounds = [scan.tenantId, scan.from ?? '', scan.before ?? '~']
  const conditions = filters.map(([column], i) => `${column} = ?${i + 6}`).join(' AND ')
  const { results } = await db
    .prepare(
      `SELECT * FROM (
         SELECT ${scan.columns} FROM ${scan.table} WHERE ${range} ORDER BY id DESC LIMIT ?4
       ) ${isFiltered ? `WHERE ${conditions}` : ''} LIMIT ?5`,
    )
    .bind(
      ...bounds,
      isFiltered ? SCAN_ROWS_MAX : scan.limit + 1,
      scan.limit + 1,
      ...filters.map(([, value]) => value),
    )
    .all<Row>()
  if (results.length > scan.limit) {
    const rows = results.slice(0, scan.limit)
    return { rows, next: rows.at(-1)?.id }
  }
  if (!isFiltered) return { rows: results, next: undefined }
  const end = await db
    .prepare(`SELECT id FROM ${scan.table} WHERE ${range} ORDER BY id DESC LIMIT 1 OFFSET ?4`)
    .bind(...bounds, SCAN_ROWS_MAX - 1)
    .first<string>('id')
  return { rows: results, next: end ?? undefined }
}
