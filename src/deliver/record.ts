import type { AttemptRecord } from '../model/delivery-log.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import { makeHider } from '../model/hide.ts'
import { SECRET_NAME, secretsIn } from '../model/masked.ts'
import type { HeaderPair } from '../model/request.ts'
import { MASK } from '../model/seal.ts'
import type { Tried } from './attempt.ts'
import { maskAnswer, type LogMask } from './log-mask.ts'

const HEADERS_KEPT_MAX = 40
const HEADER_KEPT_CHARS = 500
/** Shorter ones would be found in any text. */
const SECRET_CHARS_MIN = 6

/** An attempt as its inspector shows it. The log shows that a secret was there, never which. */
export function recordOf({
  at,
  durationMs,
  settings,
  mask,
  outcome,
  request,
  answer,
  error,
}: Tried & {
  at: number
  durationMs: number
  settings: EndpointSettings
  mask?: LogMask | undefined
}): AttemptRecord {
  const sent = request?.headers ?? []
  const secrets = [...secretsIn(settings).map(({ value }) => value), ...credentialsIn(sent)]
  // Receivers echo what they were sent: in error pages, in debug headers, in messages.
  const hideSecrets = makeHider(secrets, SECRET_CHARS_MIN)
  const hideValues = makeHider(mask?.values ?? [], 0)
  const isUnknown = mask !== undefined && mask.values === undefined
  const hide = (text: string) => hideValues(hideSecrets(text))
  const own = settings.signing.scheme === 'custom' ? settings.signing.header.toLowerCase() : undefined
  const names = [...(own === undefined ? [] : [own, `${own}-previous`]), ...(mask?.headers ?? [])]
  const kept = (headers: readonly HeaderPair[]) => keptHeaders(headers, { hide, names })
  const statusCode = 'statusCode' in outcome ? outcome.statusCode : undefined
  return {
    at,
    durationMs,
    result: outcome.kind === 'delivered' ? 'delivered' : outcome.reason,
    ...(statusCode === undefined ? {} : { statusCode }),
    // Its places may hold what cannot be known of a body that cannot be read.
    url: hide(withoutQuery(isUnknown ? settings.url : (request?.url ?? settings.url))),
    method: settings.method,
    requestHeaders: kept(sent),
    ...(answer
      ? {
          responseHeaders: isUnknown ? hidden(answer.headers) : kept(answer.headers),
          responseBody: hide(maskAnswer(answer, mask)),
        }
      : {}),
    ...(answer?.isCut ? { responseTruncated: true } : {}),
    ...(error === undefined ? {} : { error: hide(error) }),
  }
}

function hidden(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.slice(0, HEADERS_KEPT_MAX).map(([name]) => [name, MASK])
}

/** What was made for this request alone, such as an access token. */
function credentialsIn(headers: readonly HeaderPair[]): string[] {
  return headers
    .filter(([name]) => name === 'authorization')
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)])
}

function keptHeaders(
  headers: readonly HeaderPair[],
  { hide, names }: { hide: (text: string) => string; names: readonly string[] },
): HeaderPair[] {
  const isHidden = (name: string) => SECRET_NAME.test(name) || names.includes(name)
  return headers
    .slice(0, HEADERS_KEPT_MAX)
    .map(([name, value]) => [name, isHidden(name) ? MASK : hide(value).slice(0, HEADER_KEPT_CHARS)])
}

/** Queries carry API keys. */
function withoutQuery(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? url : `${url.slice(0, at)}?…`
}
