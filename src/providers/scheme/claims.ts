import type { JWTPayload } from 'jose'
import { toHex, sha256, utf8 } from '../../model/bytes.ts'
import type { Verification } from '../../model/verification.ts'
import { sameText } from './compare.ts'
import { encodeAs, type Encoding } from './encoding.ts'
import { digest, type Hash } from './key-cache.ts'
import { configText, failed, type Inbound } from './scheme.ts'

export interface ClaimSpec {
  /**
   * What claims must be; `$name` is a setting of the source, and with `?` behind it the claim is only checked when that
   * is set. A list means any of them. A claim that goes by several names has a `|` between them.
   */
  claims?: Readonly<Record<string, string | boolean | readonly string[]>>
  required?: readonly string[]
  /** The claim with the hash of the body. */
  bodyHash?: { claim: string; hash: Hash; encoding: Encoding; optionalIfEmpty?: true }
  /** The claim with the URL, or with its SHA-256 in hex. */
  urlClaim?: string
  urlHash?: string
}

/** What of a token's claims does not fit the request, or undefined. */
export async function claimFault(
  spec: ClaimSpec,
  payload: JWTPayload,
  inbound: Inbound,
): Promise<Verification | undefined> {
  for (const [name, wanted] of Object.entries(spec.claims ?? {})) {
    const expected = expectedClaim(wanted, inbound)
    if (expected === undefined && String(wanted).endsWith('?')) continue
    if (expected === undefined) return failed('bad_config', `set config.${String(wanted).slice(1)}`)
    const sent = name.split('|').find((each) => payload[each] !== undefined) ?? name
    if (!claimFits(payload[sent], expected))
      return failed('bad_claims', `the claim ${name} is not the expected one`)
  }
  for (const name of spec.required ?? []) {
    if (payload[name] === undefined) return failed('bad_claims', `the claim ${name} is missing`)
  }
  const { url, body } = inbound.request
  if (spec.urlClaim !== undefined && payload[spec.urlClaim] !== url)
    return failed('bad_claims', 'the URL differs')
  if (spec.urlHash !== undefined && payload[spec.urlHash] !== toHex(await sha256(utf8(url)))) {
    return failed('bad_claims', 'the hash of the URL differs')
  }
  return bodyFault(spec, payload, body)
}

async function bodyFault(
  { bodyHash }: ClaimSpec,
  payload: JWTPayload,
  body: Inbound['request']['body'],
): Promise<Verification | undefined> {
  if (bodyHash === undefined) return undefined
  const sent = payload[bodyHash.claim]
  if (sent === undefined && bodyHash.optionalIfEmpty && body.byteLength === 0) return undefined
  if (typeof sent !== 'string') return failed('bad_claims', `the claim ${bodyHash.claim} is missing`)
  const expected = encodeAs(bodyHash.encoding, await digest(bodyHash.hash, body))
  // Padding is optional in base64url (RFC 4648 section 3.2), and the claim itself is signed.
  const bare = bodyHash.encoding === 'base64url' ? sent.replace(/=+$/, '') : sent
  return sameText(bare, expected)
    ? undefined
    : failed('body_modified', 'the body is not the one that was signed')
}

function expectedClaim(
  wanted: string | boolean | readonly string[],
  { config, request }: Inbound,
): string | boolean | readonly string[] | undefined {
  if (typeof wanted !== 'string' || !wanted.startsWith('$')) return wanted
  const name = wanted.slice(1).replace(/\?$/, '')
  const set = configText(config, name)
  // The audience of a token is by convention the URL that it is sent to.
  const isAudience = name === 'audience' || name === 'endpointUrl'
  return set ?? (isAudience ? request.url.replace(/[?#].*$/s, '') : undefined)
}

function claimFits(sent: unknown, expected: string | boolean | readonly string[]): boolean {
  const wanted: readonly unknown[] = Array.isArray(expected) ? expected : [expected]
  return Array.isArray(sent) ? sent.some((one) => wanted.includes(one)) : wanted.includes(sent)
}
