import type { HeaderPair } from '../model/request.ts'

/**
 * Takes a source's own secret out of what is kept: providers that sign nothing send it bare, and an event goes to
 * every receiver and into the log. `places` are those where it travels (`header:NAME`, `query:NAME`).
 */
export function withoutSecrets(
  places: readonly string[],
  { headers, path }: { headers: HeaderPair[]; path: string },
): { headers: HeaderPair[]; path: string } {
  const names = namesIn(places, 'header:')
  const queries = namesIn(places, 'query:')
  return {
    headers: names.length === 0 ? headers : headers.filter(([name]) => !names.includes(name)),
    path: queries.length === 0 ? path : withoutQueries(path, queries),
  }
}

function withoutQueries(path: string, names: readonly string[]): string {
  const mark = path.indexOf('?')
  if (mark < 0) return path
  const kept = path
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !names.some((name) => new URLSearchParams(pair).has(name)))
  return kept.length === 0 ? path.slice(0, mark) : `${path.slice(0, mark)}?${kept.join('&')}`
}

function namesIn(places: readonly string[], kind: string): string[] {
  return places.filter((place) => place.startsWith(kind)).map((place) => place.slice(kind.length))
}
