import { fromBase64Url } from '../../model/bytes.ts'
import { headerOf, type RawRequest } from '../../model/request.ts'
import { documentOf, formOf } from './document.ts'
import { queryOf } from './form.ts'
import { atPointer, parseJson, pointerOfPath, scalarText } from './json.ts'

/** A place in a request: `header:x-id`, `query:token`, `form:sign`, or a JSON pointer into the parsed body. */
export type Place =
  | `header:${string}`
  | `query:${string}`
  | `form:${string}`
  | `jwt:${string}`
  | `json:${string}`
  | `/${string}`

export function readPlace(request: RawRequest, place: string): string | undefined {
  if (place.startsWith('/')) return scalarText(bodyAt(request, place))
  const colon = place.indexOf(':')
  const name = place.slice(colon + 1)
  switch (place.slice(0, colon)) {
    case 'header':
      return headerOf(request, name.toLowerCase())
    case 'query':
      return queryOf(request.url).get(name) ?? undefined
    case 'form':
      return formOf(request).find(([field]) => field === name)?.[1]
    case 'jwt':
      return claimOf(request, name)
    case 'json':
      return scalarText(bodyAt(request, pointerOfPath(name)))
    default:
      return undefined
  }
}

function bodyAt(request: RawRequest, pointer: string): unknown {
  const document = documentOf(request)
  return 'value' in document ? atPointer(document.value, pointer) : undefined
}

/** Unverified: for ids and names, never for trust. */
function claimOf(request: RawRequest, name: string): string | undefined {
  const slash = name.indexOf('/')
  const token = headerOf(request, name.slice(0, slash))?.replace(/^Bearer /i, '')
  const payload = fromBase64Url(token?.split('.')[1] ?? '')
  const parsed = payload && parseJson(payload)
  return parsed?.kind === 'value' ? scalarText(atPointer(parsed.value, name.slice(slash))) : undefined
}
