import type { TenantId } from '../model/id.ts'
import { HOUR_MS } from '../model/metrics.ts'

/** A stretch of time of receipt in which there is something to find: milliseconds, `to` exclusive. */
export interface Span {
  from: number
  to: number
}

/** Counters that one page looks at: a month of an endpoint's hours, or of some types. */
const COUNTERS_MAX = 1_000
/** Stretches closer together than this are looked at as one. */
const JOINED_MS = 60_000

/**
 * Where the counters say that there are deliveries of an endpoint, or events of a source or type: newest first, and
 * how far back (ms) this was looked for. Nothing else of the log need be read: a selective filter then costs what it
 * finds. Undefined: the counters cannot say.
 */
export async function findSpans(
  logDb: D1Database,
  { tenantId, by, from, to }: { tenantId: TenantId; by: Selection; from: number; to: number },
): Promise<{ spans: Span[]; until: number } | undefined> {
  if (by.endpointId === undefined && by.sourceId === undefined && by.type === undefined) return undefined
  const isEndpoint = by.endpointId !== undefined
  const { results } = await logDb
    .prepare(
      `SELECT at, min(iif(wanted, first_at, NULL)) AS "first", max(iif(wanted, last_at, NULL)) AS "last",
         count(*) AS looked
       FROM (SELECT at, first_at, last_at, (?5 IS NULL OR source_id = ?5) AND (?6 IS NULL OR type = ?6) AS wanted
         FROM metrics WHERE tenant_id = ?1 AND grain = 'hour' AND endpoint_id = ?2 AND at >= ?3 AND at < ?4
         ORDER BY at DESC LIMIT ${COUNTERS_MAX})
       GROUP BY at ORDER BY at DESC`,
    )
    .bind(
      tenantId,
      by.endpointId ?? '',
      from - HOUR_MS,
      to,
      isEndpoint ? null : (by.sourceId ?? null),
      isEndpoint ? null : (by.type?.slice(0, 100) ?? null),
    )
    .all<{ at: number; first: number | null; last: number | null; looked: number }>()
  const looked = results.reduce((sum, row) => sum + row.looked, 0)
  const oldest = results.at(-1)
  // The oldest hour may have counters beyond the limit, so all of it is looked at.
  const until = looked < COUNTERS_MAX || !oldest ? from : Math.max(from, oldest.at)
  const found = results.flatMap(({ at, first, last }) =>
    at === until && at > from ? [{ from: at, to: at + HOUR_MS }] : spanOf(first, last),
  )
  return { spans: joined(found, { from: until, to }), until }
}

/** An endpoint alone, or a source and a type. */
export interface Selection {
  endpointId?: string | undefined
  sourceId?: string | undefined
  type?: string | undefined
}

function spanOf(first: number | null, last: number | null): Span[] {
  return first === null || last === null ? [] : [{ from: first, to: last + 1 }]
}

/** Newest first, cut to the range, neighbours as one. */
function joined(spans: readonly Span[], range: Span): Span[] {
  const result: Span[] = []
  for (const span of spans) {
    const cut = { from: Math.max(span.from, range.from), to: Math.min(span.to, range.to) }
    const newer = result.at(-1)
    if (cut.from >= cut.to) continue
    if (newer && newer.from - cut.to < JOINED_MS) newer.from = Math.min(newer.from, cut.from)
    else result.push(cut)
  }
  return result
}
