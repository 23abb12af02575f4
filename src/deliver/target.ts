import { text, type Bytes } from '../model/bytes.ts'
import type { RequestSettings } from '../model/delivery-request.ts'
import { readableBody, type Event } from '../model/event.ts'
import { ok, type Result } from '../model/result.ts'
import { checked, namesIn, renderUrl, type Lookup } from '../model/url-template.ts'

type Place = Pick<RequestSettings, 'url' | 'query' | 'forwardPath' | 'auth'>

/** Where one event goes: the URL with the event's values, the forwarded path and query, and the endpoint's own query. */
export function targetOf(settings: Place, event: Event, body: Bytes): Result<string, string> {
  const { url, forwardPath } = settings
  if (isPlain(settings)) return ok(url)
  const rendered = renderUrl(url, lookupIn(event, body, namesIn(url)))
  if (!rendered.ok) return rendered
  const [withoutFragment = ''] = rendered.value.split('#')
  const forwarded = forwardPath ? appended(withoutFragment, event.head.path ?? '') : withoutFragment
  const target = withQuery(forwarded, ownQuery(settings))
  return target === url ? rendered : checked(target, url)
}

/** Every event goes to the URL as it was given, which was checked when it was set. */
function isPlain({ url, query, forwardPath, auth }: Place): boolean {
  const hasQuery = Object.keys(query).length > 0 || (auth.type === 'apiKey' && auth.in === 'query')
  return !forwardPath && !hasQuery && !url.includes('{{') && !url.includes('#')
}

/** The path goes on where the endpoint's ends; its query stands after the endpoint's. */
function appended(url: string, suffix: string): string {
  const [path, query] = splitAtQuery(url)
  const [suffixPath, suffixQuery] = splitAtQuery(suffix)
  const joined = suffixPath === '' || suffixPath === '/' ? path : joinedPath(path, suffixPath)
  return [joined, [query, suffixQuery].filter((each) => each).join('&')].filter((each) => each).join('?')
}

function joinedPath(url: string, suffix: string): string {
  return `${url.replace(/\/$/, '')}/${suffix.replace(/^\//, '')}`
}

function splitAtQuery(url: string): [path: string, query: string | undefined] {
  const at = url.indexOf('?')
  return at === -1 ? [url, undefined] : [url.slice(0, at), url.slice(at + 1)]
}

function ownQuery({ query, auth }: Place): URLSearchParams {
  const own = new URLSearchParams(query)
  if (auth.type === 'apiKey' && auth.in === 'query') own.append(auth.name, auth.value)
  return own
}

function withQuery(url: string, query: URLSearchParams): string {
  if (query.size === 0) return url
  return `${url}${url.includes('?') ? '&' : '?'}${query.toString()}`
}

/** The body is only parsed for a template that asks for something in it. */
function lookupIn({ head }: Event, body: Bytes, names: readonly string[]): Lookup {
  const data = names.some((name) => name.startsWith('data.')) ? parsed(readableBody(head, body)) : undefined
  return (name) => {
    if (name === 'eventType') return head.type
    if (name === 'eventId') return head.id
    const [root, ...path] = name.split('.')
    return scalar(path.reduce(member, root === 'metadata' ? head.metadata : data))
  }
}

function parsed(body: Bytes): unknown {
  try {
    return JSON.parse(text(body))
  } catch {
    return undefined
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
