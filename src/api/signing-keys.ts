import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { fromBase64, fromBase64Url, concat, toBase64, toBase64Url, type Bytes } from '../model/bytes.ts'
import { invariant } from '../model/invariant.ts'
import { liveSecrets, type SealedSecret } from '../model/seal.ts'

const PUBLIC_PREFIX = 'whpk_'
const PRIVATE_PREFIX = 'whsk_'
/** Receivers that meet an unknown key ask again at once, so this only bounds how long an expired one lingers. */
const CACHE_SECONDS = 300

/** An Ed25519 pair as Standard Webhooks writes them: the private half is the seed and the public key. */
export async function generateSigningPair(): Promise<{ secret: string; publicKey: string }> {
  const { privateKey } = await generateKeyPair('Ed25519', { extractable: true })
  const { d, x } = await exportJWK(privateKey)
  const [seed, point] = [bytesOf(d), bytesOf(x)]
  return {
    secret: PRIVATE_PREFIX + toBase64(concat([seed, point])),
    publicKey: PUBLIC_PREFIX + toBase64(point),
  }
}

/** The public keys of an endpoint as a JWK set (RFC 7517, RFC 8037), for whoever receives from it. */
export async function answerSigningKeys(secrets: readonly SealedSecret[], now: number): Promise<Response> {
  const keys = await Promise.all(publicKeysOf(secrets, now).map(jwkOf))
  return Response.json(
    { keys },
    {
      headers: {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${CACHE_SECONDS}`,
        'access-control-allow-origin': '*',
      },
    },
  )
}

/** Of the pairs that sign now, newest first. */
export function publicKeysOf(secrets: readonly SealedSecret[], now: number): string[] {
  return liveSecrets(secrets, now).flatMap(({ publicKey }) => publicKey ?? [])
}

async function jwkOf(publicKey: string): Promise<JWK> {
  const point = fromBase64(publicKey.slice(PUBLIC_PREFIX.length))
  invariant(point, 'jwkOf: not a public key')
  const jwk: JWK = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(point) }
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' }
}

function bytesOf(member: string | undefined): Bytes {
  const bytes = fromBase64Url(member ?? '')
  invariant(bytes, 'generateSigningPair: no such member in the key')
  return bytes
}
