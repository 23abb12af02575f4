import { firstIdAt, timeOfId, type TenantId } from '../model/id.ts'
import { mergeScans, type Scanned } from './merge.ts'
import { findSpans, type Selection, type Span } from './spans.ts'

/** Rows that one page of a filtered list looks at; a row read costs a millionth of what an index row would. */
const SCAN_ROWS_MAX = 20_000
/** Where a condition looks into long text, whose pages are read as well. */
const TEXT_ROWS_MAX = 1_000
/** Stretches asked for at once, first of all tables together, then of each; and in one page. Each has its share of the rows. */
const SPANS_AT_ONCE = 10
const SPANS_MAX = 50
/** What may follow any id of the present in order. */
const LAST_MS = 2 ** 48 - 1

export interface Condition {
  /** SQL over the columns of the select list, with `?` where `value` stands. From this code, never from a caller. */
  sql: string
  value: string | number | undefined
}

type Prefix = 'evt' | 'dlv' | 'rej' | 'aud'

/** A table that has rows of the list. */
export interface ScanSource {
  table: 'events' | 'first_deliveries' | 'deliveries' | 'rejections' | 'audit'
  /** Of its ids, which begin with the time of receipt. */
  prefix: Prefix
  /** The select list, the same names for all sources. A column that is not in it is not read. */
  columns: string
  /** A secondary index, named since SQLite would take the primary key, and the condition that it needs. */
  index?: { name: string; within: string }
}

export interface Scan {
  /**
   * Of the positions in the list, which are ids: of the table's own row, or, where a table is kept by other ids, of
   * that with the prefix of the list. They are of the same millisecond, so the order stays that of receipt.
   */
  prefix: Prefix
  sources: readonly ScanSource[]
  tenantId: TenantId
  /** All must hold; one without a value holds always. */
  conditions: readonly Condition[]
  /** What the counters can narrow the range by. */
  selection?: Selection
  /** Times of receipt in milliseconds, `to` exclusive; undefined: no bound. */
  from?: number | undefined
  to?: number | undefined
  /** Positions before; undefined: to the last. */
  after: string | undefined
  limit: number
  /** The conditions look into text of any length. */
  isText?: boolean
  /** Fewer rows than usual, since each is more work. */
  rowsMax?: number
}

type Positioned<Row> = Row & { position: string }

/** Newest first through the primary keys, filtered, in bounded steps; `next` continues where the step ended. */
export async function scanPage<Row>(db: D1Database, scan: Scan): Promise<Scanned<Row>> {
  const { rows, next } = await scanRange<Row>(db, scan, rangeOf(scan))
  return { rows: rows.map(withoutPosition), next }
}

function withoutPosition<Row>(placed: Positioned<Row>): Row {
  const { position: _, ...row } = placed
  return row as Row
}

async function scanRange<Row>(db: D1Database, scan: Scan, range: Span): Promise<Scanned<Positioned<Row>>> {
  const found = await findSpans(db, { tenantId: scan.tenantId, by: scan.selection ?? {}, ...range })
  const spans = found?.spans.slice(0, SPANS_MAX) ?? [range]
  const rows: Positioned<Row>[] = []
  let end = Math.ceil(SPANS_AT_ONCE / scan.sources.length)
  for (let i = 0; i < spans.length; i = end, end += SPANS_AT_ONCE) {
    if (i > 0 && rows.length === scan.limit) return { rows, next: rows.at(-1)?.position }
    const limit = scan.limit - rows.length
    // What was not found in the first stretches is rare: those that follow will be looked at to their ends.
    const isRare = i > 0
    const part = await scanSpans<Row>(db, { ...scan, limit }, { spans: spans.slice(i, end), isRare })
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

async function scanSpans<Row>(
  db: D1Database,
  scan: Scan,
  { spans, isRare }: { spans: readonly Span[]; isRare: boolean },
): Promise<Scanned<Positioned<Row>>> {
  const conditions = scan.conditions.filter(({ value }) => value !== undefined)
  const isFiltered = conditions.length > 0
  const parts = scan.sources.map((source) => spans.map((span) => ({ source, span })))
  const rowsMax = scan.rowsMax ?? (scan.isText ? TEXT_ROWS_MAX : SCAN_ROWS_MAX)
  const share = Math.ceil(rowsMax / Math.min(SPANS_AT_ONCE, spans.length * parts.length))
  const depth = isFiltered ? share : scan.limit + 1
  const stretches = parts.flat()
  const early = isFiltered && isRare ? stretches : []
  const found = await db.batch<Positioned<Row>>([
    ...stretches.map((stretch) => select(db, scan, stretch, { conditions, depth })),
    ...early.map((stretch) => selectEnd(db, scan, stretch, share)),
  ])
  const results = parts.map((_, i) => found.slice(i * spans.length, (i + 1) * spans.length))
  const isEnough = results.map(([newest]) => (newest?.results.length ?? 0) > scan.limit)
  const late = isFiltered && !isRare ? parts.filter((_, i) => !isEnough[i]).flat() : []
  const askedLate = late.map((stretch) => selectEnd(db, scan, stretch, share))
  // After the rows: one that comes between only moves an end to where less was looked at.
  const lateEnds = late.length === 0 ? [] : await db.batch<{ position: string }>(askedLate)
  const ends = new Map([...endsIn(early, found.slice(stretches.length)), ...endsIn(late, lateEnds)])
  const endOf = (stretch: Stretch | undefined) => stretch && ends.get(stretch)
  return mergeScans(
    results.map((each, i) =>
      oneList(
        each.map(({ results: rows }, at) => ({ rows, end: endOf(parts[i]?.[at]) })),
        scan.limit,
      ),
    ),
    scan.limit,
  )
}

/** The stretches of one source as far as they were looked at. */
function oneList<Row>(
  stretches: readonly { rows: Positioned<Row>[]; end: string | undefined }[],
  limit: number,
): Scanned<Positioned<Row>> {
  const rows: Positioned<Row>[] = []
  for (const { rows: some, end } of stretches) {
    rows.push(...some)
    if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]?.position }
    // What lies before the end of this stretch has not been looked at, so later stretches do not count yet.
    if (end !== undefined) return { rows, next: end }
  }
  return { rows, next: undefined }
}

interface Stretch {
  source: ScanSource
  span: Span
}

function select(
  db: D1Database,
  scan: Scan,
  { source, span }: Stretch,
  { conditions, depth }: { conditions: readonly Condition[]; depth: number },
): D1PreparedStatement {
  const where = conditions.map(({ sql }, i) => sql.replaceAll('?', `?${i + 6}`)).join(' AND ')
  return db
    .prepare(
      `SELECT * FROM (
         SELECT ${positionIn(scan, source)}, ${source.columns} ${rangeIn(source)} LIMIT ?4
       ) ${where === '' ? '' : `WHERE ${where}`} LIMIT ?5`,
    )
    .bind(...boundsOf(scan, { source, span }), depth, scan.limit + 1, ...conditions.map(({ value }) => value))
}

/** The position at which the share of rows of the stretch ends; none: all of it is looked at. */
function selectEnd(db: D1Database, scan: Scan, stretch: Stretch, share: number): D1PreparedStatement {
  return db
    .prepare(`SELECT ${positionIn(scan, stretch.source)} ${rangeIn(stretch.source)} LIMIT 1 OFFSET ?4`)
    .bind(...boundsOf(scan, stretch), share - 1)
}

function endsIn(
  stretches: readonly Stretch[],
  found: readonly D1Result<{ position: string }>[],
): [Stretch, string][] {
  return stretches.flatMap((stretch, i): [Stretch, string][] => {
    const end = found[i]?.results[0]
    return end === undefined ? [] : [[stretch, end.position]]
  })
}

function positionIn({ prefix }: Scan, source: ScanSource): string {
  return `${prefix === source.prefix ? 't.id' : `'${prefix}_' || substr(t.id, 5)`} AS position`
}

function rangeIn({ table, index }: ScanSource): string {
  const by = index === undefined ? '' : ` INDEXED BY ${index.name}`
  const within = index === undefined ? '' : ` AND ${index.within}`
  return `FROM ${table} AS t${by} WHERE tenant_id = ?1 AND t.id >= ?2 AND t.id < ?3${within} ORDER BY t.id DESC`
}

function boundsOf(
  { tenantId, after }: Scan,
  { source: { prefix }, span: { from, to } }: Stretch,
): [string, string, string] {
  const end = to >= LAST_MS ? '~' : firstIdAt(prefix, to)
  const before = after === undefined ? end : `${prefix}_${after.slice(prefix.length + 1)}`
  return [tenantId, firstIdAt(prefix, from), before < end ? before : end]
}
