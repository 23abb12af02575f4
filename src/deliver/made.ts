import type { Made } from '../model/event.ts'
import type { HeaderPair } from '../model/request.ts'

/** The headers with those that a transformation set in the place of others of the same name; null takes one away. */
export function madeHeaders(headers: readonly HeaderPair[], made: Made): HeaderPair[] {
  const names = new Set(made.headers.map(([name]) => name))
  const kept = headers.filter(([name]) => !names.has(name))
  return [
    ...kept,
    ...made.headers.flatMap(([name, value]): HeaderPair[] => (value === null ? [] : [[name, value]])),
  ]
}

/** The endpoint's URL, and below it the path that a transformation chose. Never another host: that was checked. */
export function madeUrl(url: string, { path: chosen }: Made): string {
  if (chosen === undefined) return url
  const [path = '', ...query] = chosen.split('?')
  const below = new URL(url)
  below.pathname = below.pathname.replace(/\/$/, '') + path
  for (const [name, value] of new URLSearchParams(query.join('?'))) below.searchParams.append(name, value)
  return below.href
}
