import type { AttemptRecord } from '../model/delivery-log.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import { SECRET_NAME, secretsIn } from '../model/masked.ts'
import type { HeaderPair } from '../model/request.ts'
import { MASK } from '../model/seal.ts'
import type { Tried } from './attempt.ts'

const HEADERS_KEPT_MAX = 40
const HEADER_KEPT_CHARS = 500
/** Shorter ones would be found in any text. */
const SECRET_CHARS_MIN = 6

/** An attempt as its inspector shows it. The log shows that a secret was there, never which. */
export function recordOf({
  at,
  durationMs,
  settings,
  outcome,
  request,
  answer,
  error,
}: Tried & { at: number; durationMs: number; settings: EndpointSettings }): AttemptRecord {
  const sent = request?.headers ?? []
  const hide = hider([...secretsIn(settings).map(({ value }) => value), ...credentialsIn(sent)])
  const kept = (headers: readonly HeaderPair[]) => keptHeaders(headers, { hide, signing: settings.signing })
  const statusCode = 'statusCode' in outcome ? outcome.statusCode : undefined
  return {
    at,
    durationMs,
    result: outcome.kind === 'delivered' ? 'delivered' : outcome.reason,
    ...(statusCode === undefined ? {} : { statusCode }),
    url: hide(withoutQuery(request?.url ?? settings.url)),
    method: settings.method,
    requestHeaders: kept(sent),
    ...(answer ? { responseHeaders: kept(answer.headers), responseBody: hide(answer.body) } : {}),
    ...(answer?.isCut ? { responseTruncated: true } : {}),
    ...(error === undefined ? {} : { error: hide(error) }),
  }
}

/** What was made for this request alone, such as an access token. */
function credentialsIn(headers: readonly HeaderPair[]): string[] {
  return headers
    .filter(([name]) => name === 'authorization')
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)])
}

/** Receivers echo what they were sent: in error pages, in debug headers, in messages. */
function hider(secrets: readonly string[]): (text: string) => string {
  const long = secrets
    .filter((secret) => secret.length >= SECRET_CHARS_MIN)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())])
  return (text) => long.reduce((hidden, secret) => hidden.replaceAll(secret, MASK), text)
}

function keptHeaders(
  headers: readonly HeaderPair[],
  { hide, signing }: { hide: (text: string) => string; signing: EndpointSettings['signing'] },
): HeaderPair[] {
  const own = signing.scheme === 'custom' ? signing.header.toLowerCase() : undefined
  const isHidden = (name: string) =>
    SECRET_NAME.test(name) || (own !== undefined && (name === own || name === `${own}-previous`))
  return headers
    .slice(0, HEADERS_KEPT_MAX)
    .map(([name, value]) => [name, isHidden(name) ? MASK : hide(value).slice(0, HEADER_KEPT_CHARS)])
}

/** Queries carry API keys. */
function withoutQuery(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? url : `${url.slice(0, at)}?…`
}
