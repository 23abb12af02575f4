import { concat, fromBase64, toBase64, toBase64Url, toHex, utf8, type Bytes } from '../model/bytes.ts'
import { templateParts, type CustomSigning, type Signing } from '../model/signing.ts'

const KEYS_MAX = 16
const SEED_BYTES = 32
const keys = new Map<string, Promise<CryptoKey>>()

export interface Signed {
  signing: Signing
  id: string
  /** Seconds since the epoch. */
  timestamp: number
  method: string
  url: string
  /** The bytes that are sent. */
  body: Bytes
  /** Every live secret, newest first: `whsk_` signs with Ed25519, any other with HMAC. */
  secrets: readonly string[]
}

/**
 * The headers that prove a delivery is ours. `webhook-signature` is Standard Webhooks: over `id.timestamp.body`, one
 * signature for each live secret and separated by spaces, so that a receiver verifies before, during and after a
 * rotation. Schemes with room for one signature carry the newest secret's, and those of older ones in `…-previous`.
 */
export async function signatureHeaders(signed: Signed): Promise<[string, string][]> {
  const { signing, id, timestamp, secrets } = signed
  const identity: [string, string][] = [
    ['webhook-id', id],
    ['webhook-timestamp', String(timestamp)],
  ]
  const hmacSecrets = secrets.filter((secret) => !isPrivateKey(secret))
  switch (signing.scheme) {
    case 'none':
      return identity
    case 'standard':
      return [...identity, ...(await standard(signed, hmacSecrets))]
    case 'standard-ed25519':
      return [...identity, ...(await standard(signed, secrets))]
    case 'sha256-hex':
      return [
        ...identity,
        ...(await standard(signed, hmacSecrets)),
        ...(await single(HEX_OF_BODY, signed, hmacSecrets)),
      ]
    case 'custom':
      return [...identity, ...(await single(signing, signed, hmacSecrets))]
  }
}

const HEX_OF_BODY: CustomSigning = {
  scheme: 'custom',
  header: 'x-webhook-signature',
  digest: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  content: '{body}',
}

async function standard(
  { id, timestamp, body }: Signed,
  secrets: readonly string[],
): Promise<[string, string][]> {
  if (secrets.length === 0) return []
  const content = concat([utf8(`${id}.${timestamp}.`), body])
  const signatures = secrets.map(async (secret) =>
    isPrivateKey(secret)
      ? `v1a,${toBase64(await ed25519(secret, content))}`
      : `v1,${toBase64(await hmac('sha256', secret, content))}`,
  )
  return [['webhook-signature', (await Promise.all(signatures)).join(' ')]]
}

async function single(
  { header, digest, encoding, prefix, content }: CustomSigning,
  signed: Signed,
  secrets: readonly string[],
): Promise<[string, string][]> {
  const filledPrefix = new TextDecoder().decode(filled(prefix, signed))
  const bytes = filled(content, signed)
  const [newest, ...older] = await Promise.all(
    secrets.map(async (secret) => {
      const signature = await hmac(digest, secret, bytes)
      return filledPrefix + (encoding === 'hex' ? toHex(signature) : toBase64(signature))
    }),
  )
  if (newest === undefined) return []
  const name = header.toLowerCase()
  const headers: [string, string][] = [[name, newest]]
  if (older.length > 0) headers.push([`${name}-previous`, older.join(', ')])
  return headers
}

/** A template with the values of this delivery; the body as bytes, since it need not be text. */
function filled(template: string, { id, timestamp, method, url, body }: Signed): Bytes {
  const values: Record<string, Bytes> = {
    id: utf8(id),
    timestamp: utf8(String(timestamp)),
    method: utf8(method),
    url: utf8(url),
    body,
  }
  return concat(
    templateParts(template).map((part, at) => (at % 2 === 1 ? (values[part] ?? utf8('')) : utf8(part))),
  )
}

const HASHES = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const

async function hmac(
  digest: keyof typeof HASHES,
  secret: string,
  content: Bytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = keyOf(`${digest} ${secret}`, () =>
    crypto.subtle.importKey('raw', secretBytes(secret), { name: 'HMAC', hash: HASHES[digest] }, false, [
      'sign',
    ]),
  )
  return new Uint8Array(await crypto.subtle.sign('HMAC', await key, content))
}

/** `whsec_` and base64, as Standard Webhooks writes secrets; anything else is taken as the bytes of its text. */
function secretBytes(secret: string): Bytes {
  const decoded = secret.startsWith('whsec_') ? fromBase64(secret.slice('whsec_'.length)) : undefined
  return decoded ?? utf8(secret)
}

function isPrivateKey(secret: string): boolean {
  return secret.startsWith('whsk_')
}

async function ed25519(secret: string, content: Bytes): Promise<Uint8Array<ArrayBuffer>> {
  const key = keyOf(secret, () => {
    const bytes = fromBase64(secret.slice('whsk_'.length)) ?? new Uint8Array(0)
    const [d, x] = [bytes.subarray(0, SEED_BYTES), bytes.subarray(SEED_BYTES)]
    const jwk = { kty: 'OKP', crv: 'Ed25519', d: toBase64Url(d), x: toBase64Url(x) }
    return crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['sign'])
  })
  return new Uint8Array(await crypto.subtle.sign({ name: 'Ed25519' }, await key, content))
}

function keyOf(name: string, load: () => Promise<CryptoKey>): Promise<CryptoKey> {
  const known = keys.get(name)
  if (known) return known
  const key = load()
  if (keys.size >= KEYS_MAX) keys.clear()
  keys.set(name, key)
  key.catch(() => keys.delete(name))
  return key
}
