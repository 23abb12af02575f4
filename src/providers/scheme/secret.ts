import { fromBase64, fromBase64Url, fromHex, utf8, type Bytes } from '../../model/bytes.ts'
import { digest, type Hash } from './key-cache.ts'

/** How the bytes of a key are read from the secret that the provider shows to its users. */
export interface SecretForm {
  encoding?: 'utf8' | 'base64' | 'hex'
  /** Taken off first, when there (`whsec_`). */
  stripPrefix?: string
  /** A secret without the prefix is used as it is written. */
  bareIsText?: boolean
  normalize?: 'NFKD'
  /** The key is this hash of the bytes. */
  hash?: Hash
}

/** The key bytes, or undefined when the secret is not of that form. */
export async function secretBytes(secret: string, form: SecretForm): Promise<Bytes | undefined> {
  const bytes = readSecret(secret, form)
  return bytes === undefined || form.hash === undefined ? bytes : digest(form.hash, bytes)
}

function readSecret(secret: string, form: SecretForm): Bytes | undefined {
  // A public key of Standard Webhooks is no secret: as one, whoever knows it could sign.
  if (secret.startsWith('whpk_')) return undefined
  const { encoding = 'utf8', stripPrefix, bareIsText = false, normalize } = form
  const prefixed = stripPrefix !== undefined && secret.startsWith(stripPrefix)
  if (stripPrefix !== undefined && !prefixed && bareIsText) return utf8(secret)
  const bare = prefixed ? secret.slice(stripPrefix.length) : secret
  switch (encoding) {
    case 'utf8':
      return utf8(normalize === undefined ? bare : bare.normalize(normalize))
    case 'hex':
      return fromHex(bare)
    case 'base64':
      return fromBase64(bare) ?? fromBase64Url(bare)
  }
}
