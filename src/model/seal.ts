import {
  concat,
  fromBase64,
  fromBase64Url,
  randomBytes,
  text,
  toBase64Url,
  toHex,
  utf8,
  type Bytes,
} from './bytes.ts'
import { invariant } from './invariant.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const FORM = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/

/** A secret as its row keeps it. Rows list theirs newest first. */
export interface SealedSecret {
  sealed: string
  /** Milliseconds after which it is no longer used; null: no end. Set when a newer one takes over. */
  expiresAt: number | null
  /** Milliseconds; absent in what was sealed before this was kept. */
  createdAt?: number
  /** Of a key pair: the public half, `whpk_` and base64. The sealed one is `whsk_`. */
  publicKey?: string
  /** The name of the shared secret whose value it is, and with which it changes. */
  reference?: string
}

/** What stands in settings where a secret belongs, and is shown for it. */
export const MASK = '***'

/** Sealed secrets by where they belong in the settings they were taken out of: `auth.token`. */
export type SealedParts = Record<string, string>

/** Encrypts secrets for storage. The context (the row they belong to) is authenticated, so a sealed secret cannot be moved to another row. */
export interface Sealer {
  seal(plain: string, context: string): Promise<string>
  /** Throws when the value was sealed with a key that is no longer configured, or was tampered with. */
  open(sealed: string, context: string): Promise<string>
}

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the stored form is `v1.KEYID.NONCE+CIPHERTEXT`.
 * `masterKeys` is `HOOKWAY_MASTER_KEY`: one or more 32-byte keys in base64, separated by commas. The first seals;
 * all open, so a key is rotated by putting the new one in front. Throws at once when one is malformed.
 */
export function makeSealer(masterKeys: string): Sealer {
  const keys = masterKeys
    .split(',')
    .map((encoded) => parseKey(encoded.trim()))
    .map(importKey)
  return {
    async seal(plain, context) {
      const first = keys[0]
      invariant(first, 'seal: no master key')
      const { id, key } = await first
      const iv = randomBytes(IV_BYTES)
      const cipher = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData: utf8(context) },
        key,
        utf8(plain),
      )
      return `v1.${id}.${toBase64Url(concat([iv, new Uint8Array(cipher)]))}`
    },
    async open(sealed, context) {
      const [, id, encoded = ''] = FORM.exec(sealed) ?? []
      const bytes = fromBase64Url(encoded)
      // A last character with other unused bits would decode to the same bytes: one secret has one sealed form.
      invariant(id && bytes && toBase64Url(bytes) === encoded, 'open: not a sealed secret')
      const known = (await Promise.all(keys)).find((each) => each.id === id)
      invariant(known, `open: the master key ${id} is not configured`)
      const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, IV_BYTES), additionalData: utf8(context) }
      return text(new Uint8Array(await crypto.subtle.decrypt(algorithm, known.key, bytes.subarray(IV_BYTES))))
    },
  }
}

/** The secrets that may be used at `now`, newest first. */
export function liveSecrets(secrets: readonly SealedSecret[], now: number): SealedSecret[] {
  return secrets.filter((each) => each.expiresAt === null || each.expiresAt > now)
}

function parseKey(encoded: string): Bytes {
  const raw = fromBase64(encoded)
  invariant(raw?.byteLength === KEY_BYTES, 'HOOKWAY_MASTER_KEY: each key must be 32 bytes in base64')
  return raw
}

async function importKey(raw: Bytes): Promise<{ id: string; key: CryptoKey }> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', raw))
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
  return { id: toHex(digest.subarray(0, 4)), key }
}
