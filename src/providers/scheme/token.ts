import { fromBase64, text, toBase64 } from '../../model/bytes.ts'
import { headerOf, type RawRequest } from '../../model/request.ts'
import type { Verification } from '../../model/verification.ts'
import { sameText } from './compare.ts'
import { documentOf } from './document.ts'
import { atPointer, scalarText } from './json.ts'
import { readPlace, type Place } from './place.ts'
import { configText, failed, type Inbound, type Scheme } from './scheme.ts'

export interface TokenSpec {
  at: Place
  /** Before the token: `Bearer `. */
  prefix?: string
  /** The owner chooses the name: `config.header` or `config.query` replaces `at`. */
  named?: true
  /** The token stands in every item of this array, and each must be right; `at` points into the item. */
  each?: `/${string}`
}

/** A fixed text that only we and the provider know. It proves the sender, not the content. */
export function token(spec: TokenSpec): Scheme {
  return {
    summary: `secret in \`${spec.at}\`${spec.prefix ? ` after \`${spec.prefix.trim()}\`` : ''}${spec.named ? ' (name configurable)' : ''}`,
    reveals: (config) => (spec.each === undefined ? [placeOf(spec, config)] : []),
    verify: (inbound) => Promise.resolve(checkToken(spec, inbound)),
  }
}

/** `user:password` as HTTP basic authentication (RFC 7617). */
export function basic(): Scheme {
  return {
    summary: 'HTTP basic authentication with `user:password`',
    reveals: () => ['header:authorization'],
    verify: (inbound) => Promise.resolve(checkBasic(inbound)),
  }
}

function checkToken(spec: TokenSpec, inbound: Inbound): Verification {
  const { prefix = '' } = spec
  const sent = tokens(spec, inbound)
  if (sent.length === 0) return failed('missing_header', `no token in ${placeOf(spec, inbound.config)}`)
  const bare: string[] = []
  for (const value of sent) {
    if (!value.startsWith(prefix) || value.length === prefix.length) return failed('bad_format')
    bare.push(value.slice(prefix.length))
  }
  return matchSecrets(inbound.secrets, (secret) => bare.every((value) => sameText(value, secret)))
}

function checkBasic(inbound: Inbound): Verification {
  const sent = headerOf(inbound.request, 'authorization')
  if (sent === undefined) return failed('missing_header', 'no authorization')
  // RFC 7235 section 2.1: the name of the scheme is case-insensitive.
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(sent)?.[1]
  if (encoded === undefined) return failed('bad_format', 'not basic authentication')
  const bytes = fromBase64(encoded)
  if (bytes === undefined || toBase64(bytes) !== encoded) return failed('bad_encoding')
  const user = configText(inbound.config, 'username')
  return matchSecrets(inbound.secrets, (secret) =>
    sameText(text(bytes), user === undefined ? secret : `${user}:${secret}`),
  )
}

function matchSecrets(secrets: readonly string[], matches: (secret: string) => boolean): Verification {
  let verdict = failed('no_secret')
  for (const [keyIndex, secret] of secrets.entries()) {
    if (secret === '') continue
    if (matches(secret)) return { verdict: 'authenticated', keyIndex }
    verdict = failed('wrong_token')
  }
  return verdict
}

function tokens(spec: TokenSpec, { request, config }: Inbound): string[] {
  if (spec.each !== undefined) return itemTokens(spec.each, spec.at, request)
  const value = readPlace(request, placeOf(spec, config))
  return value === undefined ? [] : [value]
}

function itemTokens(array: string, at: string, request: RawRequest): string[] {
  const document = documentOf(request)
  const items = 'value' in document ? atPointer(document.value, array) : undefined
  if (!Array.isArray(items)) return []
  return items.map((item) => scalarText(atPointer(item, at)) ?? '')
}

function placeOf({ at, named }: TokenSpec, config: Inbound['config']): string {
  if (!named) return at
  const header = configText(config, 'header')
  if (header !== undefined) return `header:${header.toLowerCase()}`
  const query = configText(config, 'query')
  return query === undefined ? at : `query:${query}`
}
