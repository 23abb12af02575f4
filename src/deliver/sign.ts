import { fromBase64, toBase64, toHex, utf8, type Bytes } from '../model/bytes.ts'
import type { EndpointSettings } from '../model/endpoint.ts'

const KEYS_MAX = 16
const keys = new Map<string, Promise<CryptoKey>>()

export interface Signed {
  scheme: EndpointSettings['signing']['scheme']
  id: string
  /** Seconds since the epoch. */
  timestamp: number
  body: Bytes
  /** Every live secret; each signs, so that a receiver verifies before, during and after a rotation. */
  secrets: readonly string[]
}

/**
 * The headers that prove a delivery is ours. `webhook-signature` is Standard Webhooks: `v1,` and the base64
 * HMAC-SHA256 of `id.timestamp.body` for each secret, separated by spaces. With `sha256-hex` the body alone is signed as well.
 */
export async function signatureHeaders({
  scheme,
  id,
  timestamp,
  body,
  secrets,
}: Signed): Promise<[string, string][]> {
  const headers: [string, string][] = [
    ['webhook-id', id],
    ['webhook-timestamp', String(timestamp)],
  ]
  if (scheme === 'none' || secrets.length === 0) return headers
  const prefix = utf8(`${id}.${timestamp}.`)
  const content = new Uint8Array(prefix.byteLength + body.byteLength)
  content.set(prefix)
  content.set(body, prefix.byteLength)
  const signatures = await Promise.all(
    secrets.map(async (secret) => `v1,${toBase64(await hmac(secret, content))}`),
  )
  headers.push(['webhook-signature', signatures.join(' ')])
  const [newest] = secrets
  if (scheme === 'sha256-hex' && newest !== undefined) {
    headers.push(['x-webhook-signature', `sha256=${toHex(await hmac(newest, body))}`])
  }
  return headers
}

async function hmac(secret: string, content: Bytes): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(secret), content))
}

/** `whsec_` and base64, as Standard Webhooks writes secrets; anything else is taken as the bytes of its text. */
function keyOf(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret)
  if (known) return known
  const decoded = secret.startsWith('whsec_') ? fromBase64(secret.slice('whsec_'.length)) : undefined
  const key = crypto.subtle.importKey(
    'raw',
    decoded ?? utf8(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  if (keys.size >= KEYS_MAX) keys.clear()
  keys.set(secret, key)
  return key
}
