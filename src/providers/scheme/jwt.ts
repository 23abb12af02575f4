import { decodeProtectedHeader, errors, importJWK, jwtVerify, type JWTPayload } from 'jose'
import { fromBase64Url, text, toBase64Url, utf8 } from '../../model/bytes.ts'
import { headerOf, type RawRequest } from '../../model/request.ts'
import type { Verification } from '../../model/verification.ts'
import { claimFault, type ClaimSpec } from './claims.ts'
import { documentOf } from './document.ts'
import { atPointer, scalarText } from './json.ts'
import { keyMaterial } from './key-material.ts'
import { hmacKey, type Hash } from './key-cache.ts'
import { Lru } from './lru.ts'
import { publicKey } from './public-key.ts'
import { failed, liveSecrets, type Inbound, type Scheme } from './scheme.ts'

export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'RS256' | 'ES256'

export interface JwtSpec extends ClaimSpec {
  /** The header with the token; absent when the body is the token, or holds some. */
  header?: string
  /** The list of tokens in the body, each of which must hold. They vouch for the sender, not for the body. */
  each?: `/${string}`
  /** Before the token, required: `Bearer`. */
  bearer?: true
  algorithms: readonly JwtAlgorithm[]
  /** The provider's key set, on a host of `hosts`. */
  jwks?: string
  /** Gets the JWK of a key id by the provider's API. */
  fetchJwk?: (inbound: Inbound, kid: string) => Promise<string | undefined>
  /** Settings that hold another live secret. */
  moreSecrets?: readonly string[]
  requireExpiry?: true
  maxAgeSeconds?: number
  leewaySeconds?: number
  /** A source without a secret takes unsigned requests: the provider signs for some customers only. */
  unsignedWithoutSecret?: true
}

type Key = CryptoKey | Uint8Array

/** Each costs a check of a signature. */
const LISTED_MAX = 20

/** A JSON Web Token (RFC 7519) that vouches for the request, checked by jose. */
export function jwt(spec: JwtSpec): Scheme {
  const bound = spec.bodyHash === undefined ? '' : ` with the body's hash in \`${spec.bodyHash.claim}\``
  return {
    summary: `JWT ${spec.algorithms.join('/')} in \`${whereOf(spec)}\`${bound}`,
    verify: (inbound) => checkTokens(spec, inbound),
  }
}

async function checkTokens(spec: JwtSpec, inbound: Inbound): Promise<Verification> {
  if (spec.unsignedWithoutSecret && liveSecrets(inbound).length === 0) return { verdict: 'unattempted' }
  const tokens = tokensOf(spec, inbound)
  if (!Array.isArray(tokens)) return tokens
  let verdict = failed('missing_header', `no token in ${whereOf(spec)}`)
  for (const token of tokens) {
    verdict = await checkToken(spec, token, inbound)
    if (verdict.verdict === 'failed') return verdict
  }
  return verdict
}

async function checkToken(spec: JwtSpec, token: string, inbound: Inbound): Promise<Verification> {
  const header = headerOfToken(token)
  if (header === undefined) return failed('bad_format', 'not a JSON Web Token')
  const algorithm = spec.algorithms.find((known) => known === header.alg)
  if (algorithm === undefined)
    return failed('bad_format', `algorithm ${String(header.alg).slice(0, 20)} is not allowed`)
  const keys = await keysOf(spec, { inbound, algorithm, kid: header.kid })
  if (!Array.isArray(keys)) return keys
  let verdict = failed('no_secret')
  for (const [keyIndex, key] of keys.entries()) {
    const result = await verifyWith(spec, { token, key, algorithm, now: inbound.now })
    if ('verdict' in result) {
      verdict = result
      continue
    }
    const fault = await claimFault(spec, result.payload, inbound)
    if (fault !== undefined) return fault
    // A token that does not name the body's hash says who sent the request, not what was sent.
    const isBody = spec.header === undefined && spec.each === undefined
    return { verdict: spec.bodyHash || isBody ? 'verified' : 'authenticated', keyIndex }
  }
  return verdict
}

function whereOf({ header, each }: JwtSpec): string {
  return header ?? each ?? 'the body'
}

function tokensOf(spec: JwtSpec, { request }: Inbound): string[] | Verification {
  if (spec.each !== undefined) return listedTokens(request, spec.each)
  const sent = spec.header === undefined ? text(request.body).trim() : headerOf(request, spec.header)
  if (sent === undefined || sent === '') return []
  if (!spec.bearer) return [sent]
  const bearer = /^Bearer +(\S+)$/i.exec(sent)?.[1]
  return bearer === undefined ? failed('bad_format', 'not a bearer token') : [bearer]
}

function listedTokens(request: RawRequest, pointer: string): string[] | Verification {
  const document = documentOf(request)
  const list = 'value' in document ? atPointer(document.value, pointer) : undefined
  if (!Array.isArray(list)) return []
  if (list.length > LISTED_MAX) return failed('bad_format', `more than ${LISTED_MAX} tokens`)
  return list.map((each) => scalarText(each) ?? '')
}

/** The header of a well-formed token. The signature must be in its one spelling: jose ignores unused bits. */
function headerOfToken(token: string): { alg?: unknown; kid?: string } | undefined {
  const segments = token.split('.')
  const signature = fromBase64Url(segments[2] ?? '')
  if (segments.length !== 3 || signature === undefined || toBase64Url(signature) !== segments[2])
    return undefined
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    return typeof kid === 'string' ? { alg, kid } : { alg }
  } catch {
    // jose's way to say that it is no token.
    return undefined
  }
}

async function verifyWith(
  spec: JwtSpec,
  { token, key, algorithm, now }: { token: string; key: Key; algorithm: string; now: number },
): Promise<{ payload: JWTPayload } | Verification> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      currentDate: new Date(now),
      clockTolerance: spec.leewaySeconds ?? 5,
      ...(spec.requireExpiry && { requiredClaims: ['exp'] }),
      ...(spec.maxAgeSeconds !== undefined && { maxTokenAge: spec.maxAgeSeconds }),
    })
    return { payload }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return failed('timestamp_too_old', 'the token has expired')
    if (error instanceof errors.JWTClaimValidationFailed) return failed('bad_claims', error.message)
    if (error instanceof errors.JWSSignatureVerificationFailed) return failed('signature_mismatch')
    if (error instanceof errors.JOSEError || error instanceof TypeError) return failed('bad_format')
    // WebCrypto's word for a signature or key of the wrong form.
    if (error instanceof DOMException) return failed('signature_mismatch')
    throw error
  }
}

async function keysOf(
  spec: JwtSpec,
  { inbound, algorithm, kid }: { inbound: Inbound; algorithm: JwtAlgorithm; kid: string | undefined },
): Promise<Key[] | Verification> {
  if (algorithm.startsWith('HS')) return secretKeys(spec, inbound, algorithm)
  const { texts, jwks } = keyMaterial(inbound)
  const given = jwks.length > 0 ? pick(jwks, kid) : undefined
  if (given !== undefined) return given.length > 0 ? importAll(given, algorithm) : failed('unknown_key')
  const own = await Promise.all(
    [...texts, ...inbound.secrets].map((key) => publicKey(webAlgorithm(algorithm), key)),
  )
  const readable = own.filter((key) => key !== undefined)
  if (readable.length > 0) return readable
  const fetched = await fetchJwks(spec, inbound, kid)
  if (fetched === undefined) return failed('key_unavailable')
  return fetched.length > 0 ? importAll(fetched, algorithm) : failed('unknown_key')
}

async function secretKeys(spec: JwtSpec, inbound: Inbound, algorithm: JwtAlgorithm): Promise<Key[]> {
  const hash: Hash = algorithm === 'HS256' ? 'sha256' : algorithm === 'HS384' ? 'sha384' : 'sha512'
  const keys: Key[] = []
  for (const secret of liveSecrets(inbound, spec.moreSecrets)) {
    if (await isPublicKey(secret)) continue
    const key = await hmacKey(hash, `:::::${secret}`, () => utf8(secret))
    if (key !== undefined) keys.push(key)
  }
  return keys
}

/** A public key is never a secret: with it anybody could sign by HMAC (RFC 8725 section 2.1). */
async function isPublicKey(secret: string): Promise<boolean> {
  if (secret.includes('-----BEGIN')) return true
  // Shorter than any key of these kinds in base64.
  if (secret.length < 100) return false
  const readable = [publicKey(webAlgorithm('RS256'), secret), publicKey(webAlgorithm('ES256'), secret)]
  return (await Promise.all(readable)).some((key) => key !== undefined)
}

type Jwk = Record<string, unknown>

async function fetchJwks(
  spec: JwtSpec,
  inbound: Inbound,
  kid: string | undefined,
): Promise<Jwk[] | undefined> {
  if (spec.fetchJwk !== undefined) {
    const found = kid === undefined ? undefined : await spec.fetchJwk(inbound, kid)
    return found === undefined ? undefined : [readJson(found)]
  }
  if (spec.jwks === undefined) return undefined
  const request = { url: spec.jwks, hosts: [new URL(spec.jwks).hostname] }
  const known = keyList(await inbound.keys.text(request))
  const picked = known && pick(known, kid)
  if (picked !== undefined && picked.length > 0) return picked
  const again = keyList(await inbound.keys.text({ ...request, again: true }))
  return again && pick(again, kid)
}

function keyList(json: string | undefined): Jwk[] | undefined {
  const keys = json === undefined ? undefined : readJson(json)['keys']
  return Array.isArray(keys) ? (keys as Jwk[]).slice(0, 100) : undefined
}

function readJson(json: string): Jwk {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? (value as Jwk) : {}
  } catch {
    return {}
  }
}

/** The keys of an id; keys that have none may be any. */
function pick(jwks: readonly Jwk[], kid: string | undefined): Jwk[] {
  return jwks.filter((jwk) => kid === undefined || jwk['kid'] === undefined || jwk['kid'] === kid).slice(0, 4)
}

const imported = new Lru<Key>(200)

async function importAll(jwks: readonly Jwk[], algorithm: JwtAlgorithm): Promise<Key[]> {
  const keys: Key[] = []
  for (const jwk of jwks) {
    const id = `${algorithm}:${JSON.stringify(jwk)}`
    const key = imported.get(id) ?? (await importJwk(jwk, algorithm))
    if (key === undefined) continue
    imported.set(id, key)
    keys.push(key)
  }
  return keys
}

/** Undefined for a key of another kind: no such key may check this algorithm (RFC 8725 section 3.1). */
async function importJwk(jwk: Jwk, algorithm: JwtAlgorithm): Promise<Key | undefined> {
  if (jwk['kty'] !== (algorithm === 'ES256' ? 'EC' : 'RSA')) return undefined
  try {
    return await importJWK(jwk, algorithm)
  } catch {
    return undefined
  }
}

function webAlgorithm(algorithm: JwtAlgorithm): Parameters<typeof publicKey>[0] {
  return algorithm === 'ES256' ? { name: 'ecdsa-p256', hash: 'sha256' } : { name: 'rsa', hash: 'sha256' }
}
