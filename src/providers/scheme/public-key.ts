import { fromBase64, fromBase64Url, fromHex, type Bytes } from '../../model/bytes.ts'
import { fromPem, publicKeyOfCertificate, rawEcdsa, wrapRsaKey } from './der.ts'
import { HASH_NAME, type Hash } from './key-cache.ts'
import { Lru } from './lru.ts'

export type Algorithm =
  | { name: 'ed25519' }
  | { name: 'ecdsa-p256'; hash: Hash }
  | { name: 'rsa' | 'rsa-pss'; hash: Hash }

/** Importing an RSA key costs several times a check. */
const publicKeys = new Lru<CryptoKey>(500)

/** A public key in any usual spelling (PEM, certificate, SPKI, raw Ed25519 in hex or base64), or undefined. */
export async function publicKey(algorithm: Algorithm, text: string): Promise<CryptoKey | undefined> {
  const id = `${algorithm.name}:${'hash' in algorithm ? algorithm.hash : ''}:${text}`
  const cached = publicKeys.get(id)
  if (cached !== undefined) return cached
  const read = readKey(text)
  if (read === undefined) return undefined
  const format = algorithm.name === 'ed25519' && read.byteLength === 32 ? 'raw' : 'spki'
  try {
    const key = await crypto.subtle.importKey(format, read, importParameters(algorithm), false, ['verify'])
    publicKeys.set(id, key)
    return key
  } catch {
    // Not a key of this algorithm: WebCrypto has no way to ask beforehand.
    return undefined
  }
}

export async function holds(
  algorithm: Algorithm,
  { key, signature, content }: { key: CryptoKey; signature: Bytes; content: Bytes },
): Promise<boolean> {
  const raw = algorithm.name === 'ecdsa-p256' ? rawEcdsa(signature, 32) : signature
  if (raw === undefined) return false
  // workerd throws for a length that others take for a wrong signature.
  if (algorithm.name === 'ed25519' && raw.byteLength !== 64) return false
  return crypto.subtle.verify(verifyParameters(algorithm), key, raw, content)
}

function readKey(text: string): Bytes | undefined {
  const pem = fromPem(text)
  if (pem?.label === 'CERTIFICATE') return publicKeyOfCertificate(pem.der)
  if (pem?.label === 'RSA PUBLIC KEY') return wrapRsaKey(pem.der)
  if (pem !== undefined) return pem.label === 'PUBLIC KEY' ? pem.der : undefined
  const bare = text.replace(/^(whpk_|ed25519:)/, '').replace(/\s+/g, '')
  if (/^[0-9a-fA-F]{64}$/.test(bare)) return fromHex(bare)
  return fromBase64(bare) ?? fromBase64Url(bare)
}

function importParameters(algorithm: Algorithm): Parameters<typeof crypto.subtle.importKey>[2] {
  switch (algorithm.name) {
    case 'ed25519':
      return { name: 'Ed25519' }
    case 'ecdsa-p256':
      return { name: 'ECDSA', namedCurve: 'P-256' }
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: HASH_NAME[algorithm.hash] }
    case 'rsa-pss':
      return { name: 'RSA-PSS', hash: HASH_NAME[algorithm.hash] }
  }
}

const SALT_BYTES: Record<Hash, number> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

function verifyParameters(algorithm: Algorithm): Parameters<typeof crypto.subtle.verify>[0] {
  switch (algorithm.name) {
    case 'ed25519':
      return { name: 'Ed25519' }
    case 'ecdsa-p256':
      return { name: 'ECDSA', hash: HASH_NAME[algorithm.hash] }
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5' }
    case 'rsa-pss':
      return { name: 'RSA-PSS', saltLength: SALT_BYTES[algorithm.hash] }
  }
}
