import { CompactEncrypt, importJWK, importSPKI, type CompactJWEHeaderParameters, type JWK } from 'jose'
import { utf8, type Bytes } from '../model/bytes.ts'
import type { RequestSettings } from '../model/delivery-request.ts'
import type { Encryption } from '../model/encryption.ts'
import { setHeader, type Prepared } from './prepare.ts'

/**
 * The request as it travels: the body encrypted to the receiver's key, then compressed. In this order, since the length
 * of a compressed text tells of its content, and so that `content-encoding` says what HTTP means by it.
 */
export async function encode(
  prepared: Prepared,
  { encryption, compression }: Pick<RequestSettings, 'encryption' | 'compression'>,
): Promise<Prepared> {
  const encrypted = encryption === null ? prepared : await encrypt(prepared, encryption)
  return compression === null ? encrypted : await compress(encrypted)
}

async function encrypt(prepared: Prepared, encryption: Encryption): Promise<Prepared> {
  if (prepared.body === undefined) return prepared
  const inner = new Headers(prepared.headers)
  const header: CompactJWEHeaderParameters = {
    alg: encryption.alg,
    enc: encryption.enc,
    // RFC 7516 4.1.12: what the receiver finds inside.
    cty: inner.get('content-type') ?? 'application/octet-stream',
  }
  if ('jwk' in encryption && typeof encryption.jwk['kid'] === 'string') header.kid = encryption.jwk['kid']
  const jwe = await new CompactEncrypt(prepared.body)
    .setProtectedHeader(header)
    .encrypt(await publicKeyOf(encryption))
  const headers = prepared.headers.filter(([name]) => name !== 'content-encoding')
  setHeader(headers, 'content-type', 'application/jose')
  return { ...prepared, headers, body: utf8(jwe) }
}

const KEYS_MAX = 16
const keys = new Map<string, ReturnType<typeof importKey>>()

function publicKeyOf(encryption: Encryption): ReturnType<typeof importKey> {
  const name = JSON.stringify(encryption)
  const known = keys.get(name)
  if (known) return known
  const key = importKey(encryption)
  if (keys.size >= KEYS_MAX) keys.clear()
  keys.set(name, key)
  key.catch(() => keys.delete(name))
  return key
}

async function importKey(encryption: Encryption) {
  return 'pem' in encryption
    ? await importSPKI(encryption.pem.trim(), encryption.alg)
    : await importJWK(encryption.jwk as JWK, encryption.alg)
}

async function compress(prepared: Prepared): Promise<Prepared> {
  const { body } = prepared
  if (body === undefined || body.byteLength === 0) return prepared
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))
  const compressed: Bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  const headers = [...prepared.headers]
  const codings = headers.filter(([name]) => name === 'content-encoding').map(([, coding]) => coding)
  // RFC 9110 8.4: in the order in which they were applied.
  setHeader(headers, 'content-encoding', [...codings, 'gzip'].join(', '))
  return { ...prepared, headers, body: compressed }
}
