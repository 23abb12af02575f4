/** A part of an ordered list. */
export interface Scanned<Row> {
  rows: Row[]
  /** The page goes on before this position; undefined: nothing older can match. A page may be short and still go on. */
  next: string | undefined
}

/**
 * Several lists as one in their common order, going on where the first of them stopped: what another has beyond that
 * place comes with the next page, as its neighbours there are not known yet.
 */
export function mergeScans<Row extends { position: string }>(
  lists: readonly Scanned<Row>[],
  limit: number,
  { isAscending = false }: { isAscending?: boolean } = {},
): Scanned<Row> {
  const isBefore = (a: string, b: string) => (isAscending ? a < b : a > b)
  const stops = lists.flatMap(({ next }) => (next === undefined ? [] : [next]))
  const [stop] = stops.toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
  const rows = lists
    .flatMap((list) => list.rows)
    .filter(({ position }) => stop === undefined || !isBefore(stop, position))
    .toSorted((a, b) => (isBefore(a.position, b.position) ? -1 : 1))
  return rows.length > limit
    ? { rows: rows.slice(0, limit), next: rows[limit - 1]?.position }
    : { rows, next: stop }
}
