export type FormPair = readonly [name: string, value: string]

/** Fields read of one form; more are an attack on whoever sorts them. */
const FIELDS_MAX = 2000

/** `application/x-www-form-urlencoded` as the URL standard reads it; malformed escapes stay as they are. */
export function parseForm(body: string): FormPair[] {
  const pairs: FormPair[] = []
  for (const pair of new URLSearchParams(body)) {
    if (pairs.length === FIELDS_MAX) break
    pairs.push(pair)
  }
  return pairs
}

/** The query of a URL, without parsing the rest: never throws. */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1).replace(/#.*$/s, ''))
}
