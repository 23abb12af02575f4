import { firstIdAt, timeOfId, type TenantId } from '../model/id.ts'
import { findSpans, type Selection, type Span } from './spans.ts'

/** Rows that one page of a filtered list looks at; a row read costs a millionth of what an index row would. */
const SCAN_ROWS_MAX = 20_000
/** Where a condition looks into long text, whose pages are read as well. */
const TEXT_ROWS_MAX = 1_000
/** Stretches asked for at once, and in one page. Each has its share of the rows. */
const SPANS_AT_ONCE = 10
const SPANS_MAX = 50
/** What may follow any id of the present in order. */
const LAST_MS = 2 ** 48 - 1

export interface Condition {
  /** SQL over the columns of the select list, with `?` where `value` stands. From this code, never from a caller. */
  sql: string
  value: string | number | undefined
}

export interface Scan {
  table: 'events' | 'deliveries' | 'rejections' | 'audit'
  prefix: 'evt' | 'dlv' | 'rej' | 'aud'
  /** The select list, which holds `id`. A column that is not in it is not read. */
  columns: string
  tenantId: TenantId
  /** All must hold; one without a value holds always. */
  conditions: readonly Condition[]
  /** What the counters can narrow the range by. */
  selection?: Selection
  /** A secondary index, named since SQLite would take the primary key, and the condition that it needs. */
  index?: { name: string; within: string }
  /** Times of receipt in milliseconds, `to` exclusive; undefined: no bound. */
  from?: number | undefined
  to?: number | undefined
  /** Ids before; undefined: to the last. */
  after: string | undefined
  limit: number
  /** The conditions look into text of any length. */
  isText?: boolean
  /** Fewer rows than usual, since each is more work. */
  rowsMax?: number
}

export interface Scanned<Row> {
  rows: Row[]
  /** The page goes on before this id; undefined: nothing older can match. A page may be short and still go on. */
  next: string | undefined
}

/** Newest first through the primary key, filtered, in bounded steps; `next` continues where the step ended. */
export async function scanPage<Row extends { id: string }>(
  db: D1Database,
  scan: Scan,
): Promise<Scanned<Row>> {
  const range = rangeOf(scan)
  const found = await findSpans(db, { tenantId: scan.tenantId, by: scan.selection ?? {}, ...range })
  const spans = found?.spans.slice(0, SPANS_MAX) ?? [range]
  const rows: Row[] = []
  for (let i = 0; i < spans.length; i += SPANS_AT_ONCE) {
    const some = spans.slice(i, i + SPANS_AT_ONCE)
    const part = await scanSpans<Row>(db, { ...scan, limit: scan.limit - rows.length }, some)
    rows.push(...part.rows)
    if (part.next !== undefined) return { rows, next: part.next }
  }
  const isCut = found !== undefined && found.spans.length > SPANS_MAX
  const until = isCut ? spans.at(-1)?.from : found?.until
  const isWhole = until === undefined || until <= range.from
  return { rows, next: isWhole ? undefined : firstIdAt(scan.prefix, until) }
}

/** The range of receipt in milliseconds, the upper end no later than where the page goes on. */
function rangeOf({ from = 0, to = LAST_MS, after }: Scan): Span {
  return { from, to: after === undefined ? to : Math.min(to, timeOfId(after) + 1) }
}

async function scanSpans<Row extends { id: string }>(
  db: D1Database,
  scan: Scan,
  spans: readonly Span[],
): Promise<Scanned<Row>> {
  const conditions = scan.conditions.filter(({ value }) => value !== undefined)
  const isFiltered = conditions.length > 0
  const share = Math.ceil((scan.rowsMax ?? (scan.isText ? TEXT_ROWS_MAX : SCAN_ROWS_MAX)) / spans.length)
  const depth = isFiltered ? share : scan.limit + 1
  const found = await db.batch<Row>(spans.map((span) => select(db, scan, span, { conditions, depth })))
  const isEnough = (found[0]?.results.length ?? 0) > scan.limit
  const ends = isFiltered && !isEnough ? await endsOf(db, scan, spans, share) : []
  const rows: Row[] = []
  for (const [i, { results }] of found.entries()) {
    rows.push(...results)
    if (rows.length > scan.limit) return { rows: rows.slice(0, scan.limit), next: rows[scan.limit - 1]?.id }
    // What lies before the end of this stretch has not been looked at, so later stretches do not count yet.
    if (ends[i] !== undefined) return { rows, next: ends[i] }
  }
  return { rows, next: undefined }
}

function select(
  db: D1Database,
  scan: Scan,
  span: Span,
  { conditions, depth }: { conditions: readonly Condition[]; depth: number },
): D1PreparedStatement {
  const bounds = boundsOf(scan, span)
  const where = conditions.map(({ sql }, i) => sql.replaceAll('?', `?${i + 6}`)).join(' AND ')
  return db
    .prepare(
      `SELECT * FROM (
         SELECT ${scan.columns} ${rangeIn(scan)} LIMIT ?4
       ) ${where === '' ? '' : `WHERE ${where}`} LIMIT ?5`,
    )
    .bind(...bounds, depth, scan.limit + 1, ...conditions.map(({ value }) => value))
}

/** For each stretch the id at which its share of rows ended; undefined: the whole stretch was looked at. */
async function endsOf(
  db: D1Database,
  scan: Scan,
  spans: readonly Span[],
  share: number,
): Promise<(string | undefined)[]> {
  const sql = `SELECT id ${rangeIn(scan)} LIMIT 1 OFFSET ?4`
  const ends = await db.batch<{ id: string }>(
    spans.map((span) => db.prepare(sql).bind(...boundsOf(scan, span), share - 1)),
  )
  return ends.map(({ results }) => results[0]?.id)
}

function rangeIn({ table, index }: Scan): string {
  const from = index === undefined ? table : `${table} INDEXED BY ${index.name}`
  const within = index === undefined ? '' : ` AND ${index.within}`
  return `FROM ${from} WHERE tenant_id = ?1 AND id >= ?2 AND id < ?3${within} ORDER BY id DESC`
}

function boundsOf({ tenantId, prefix, after }: Scan, { from, to }: Span): [string, string, string] {
  const end = to >= LAST_MS ? '~' : firstIdAt(prefix, to)
  return [tenantId, firstIdAt(prefix, from), after !== undefined && after < end ? after : end]
}
