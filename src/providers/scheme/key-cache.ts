import type { Bytes } from '../../model/bytes.ts'
import { Lru } from './lru.ts'

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export const HASH_NAME = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const

/** Keys kept ready in one isolate: importing a key costs about as much as using it. */
const KEYS_MAX = 1000

const hmacKeys = new Lru<CryptoKey>(KEYS_MAX)

/**
 * The HMAC key for a secret, imported once. `name` identifies the secret and how it is read; `read` gives the bytes,
 * or undefined when the secret is not of that form. An empty key is refused: WebCrypto throws on it.
 */
export async function hmacKey(
  hash: Hash,
  name: string,
  read: () => Bytes | undefined | Promise<Bytes | undefined>,
): Promise<CryptoKey | undefined> {
  const id = `${hash}:${name}`
  const cached = hmacKeys.get(id)
  if (cached !== undefined) return cached
  const bytes = await read()
  if (bytes === undefined || bytes.byteLength === 0) return undefined
  const algorithm = { name: 'HMAC', hash: HASH_NAME[hash] }
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
  hmacKeys.set(id, key)
  return key
}

export async function mac(key: CryptoKey, content: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, content))
}

export async function digest(hash: Hash, content: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(HASH_NAME[hash], content))
}
