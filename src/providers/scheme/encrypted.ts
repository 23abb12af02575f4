import { z } from 'zod'
import { fromBase64, type Bytes } from '../../model/bytes.ts'
import type { RawRequest } from '../../model/request.ts'
import type { FailureReason } from '../../model/verification.ts'
import { fromPem } from './der.ts'
import { documentOf } from './document.ts'
import { atPointer, parseJson, scalarText } from './json.ts'
import { Lru } from './lru.ts'
import { failed, type Inbound, type Scheme } from './scheme.ts'

/** Where encrypted content stands in the items of a body. */
export interface EncryptedSpec {
  items: `/${string}`
  member: string
  /** The member that stands in its place once it is opened. */
  opened: string
}

/** The setting with private keys by the ids of their certificates. */
const KEYS = 'privateKeys'

export const privateKeysSchema = z.record(
  z.string().min(1).max(128),
  z.string().regex(/^\s*-----BEGIN PRIVATE KEY-----/, 'must be PKCS #8 in PEM (BEGIN PRIVATE KEY)'),
)

type Item = Record<string, unknown>
type Opened =
  | { kind: 'opened'; value: unknown }
  | { kind: 'plain' }
  | { kind: 'fault'; reason: FailureReason; hint: string }

/** Each costs an RSA operation; Microsoft Graph sends far fewer in one request. */
const ITEMS_MAX = 100
const KEY_BYTES = 32
const IV_BYTES = 16
const privateKeys = new Lru<CryptoKey>(100)
/** What was opened of a body, for as long as it is in memory: verification opens it, reading it again costs nothing. */
const known = new WeakMap<Uint8Array, { keys: unknown; opened: Promise<Opened> }>()

/**
 * Content encrypted to a key of the owner's as Microsoft Graph does it: an AES-256-CBC key wrapped by RSA-OAEP (SHA-1), whose first half is the
 * vector as well, and an HMAC-SHA256 of the data under it. Whoever has our public key can make such content, so it
 * proves nothing about the sender: the verdict is no more than `authenticated`, beside schemes that prove it.
 */
export function encryptedContent(spec: EncryptedSpec): Scheme {
  return {
    summary: `content encrypted to \`config.${KEYS}\``,
    verify: async ({ request, config }) => {
      const opened = await openOnce(spec, request, config)
      return opened.kind === 'fault' ? failed(opened.reason, opened.hint) : { verdict: 'authenticated' }
    },
  }
}

/** The document with its encrypted content in clear, or undefined where there is none that can be opened. */
export async function openContent(
  spec: EncryptedSpec,
  { request, config }: Pick<Inbound, 'request' | 'config'>,
): Promise<unknown> {
  const opened = await openOnce(spec, request, config)
  return opened.kind === 'opened' ? opened.value : undefined
}

/** Whether any item has such content. */
export function hasEncrypted(spec: EncryptedSpec, { request }: Pick<Inbound, 'request'>): boolean {
  return itemsIn(spec, request).some((item) => isObject(item) && isObject(item[spec.member]))
}

function openOnce(spec: EncryptedSpec, request: RawRequest, config: Inbound['config']): Promise<Opened> {
  const keys = config[KEYS]
  const before = known.get(request.body)
  if (before !== undefined && before.keys === keys) return before.opened
  const opened = isObject(keys) ? openAll(spec, request, keys) : Promise.resolve<Opened>({ kind: 'plain' })
  known.set(request.body, { keys, opened })
  return opened
}

async function openAll(spec: EncryptedSpec, request: RawRequest, keys: Item): Promise<Opened> {
  const items = itemsIn(spec, request)
  const count = items.filter((item) => isObject(item) && isObject(item[spec.member])).length
  if (count === 0) return { kind: 'plain' }
  if (count > ITEMS_MAX)
    return fault('unsupported_body', `more than ${ITEMS_MAX} items with encrypted content`)
  const opened: unknown[] = []
  for (const item of items) {
    const content = isObject(item) ? item[spec.member] : undefined
    if (!isObject(item) || !isObject(content)) {
      opened.push(item)
      continue
    }
    const clear = await openOne(content, keys)
    if (clear.kind !== 'opened') return clear
    const { [spec.member]: _, ...rest } = item
    opened.push({ ...rest, [spec.opened]: clear.value })
  }
  return { kind: 'opened', value: replaceAt(rootOf(request), spec.items, opened) }
}

async function openOne(content: Item, keys: Item): Promise<Opened> {
  const id = scalarText(content['encryptionCertificateId']) ?? ''
  const pem = Object.hasOwn(keys, id) ? keys[id] : undefined
  const key = typeof pem === 'string' ? await privateKey(pem) : undefined
  if (key === undefined)
    return fault('unknown_key', `config.${KEYS} has no private key for ${id.slice(0, 100)}`)
  const [wrapped, signature, data] = ['dataKey', 'dataSignature', 'data'].map((name) =>
    fromBase64(scalarText(content[name]) ?? ''),
  )
  if (!wrapped || !signature || !data || data.byteLength === 0) {
    return fault('bad_format', 'the encrypted content lacks a part, or one is no base64')
  }
  const secret = await decrypt({ name: 'RSA-OAEP' }, key, wrapped)
  if (secret?.byteLength !== KEY_BYTES)
    return fault('unknown_key', 'the private key does not open the data key')
  if (!(await isSigned(secret, signature, data))) {
    return fault('signature_mismatch', 'dataSignature does not fit the encrypted data')
  }
  const aes = await crypto.subtle.importKey('raw', secret, 'AES-CBC', false, ['decrypt'])
  const clear = await decrypt({ name: 'AES-CBC', iv: secret.subarray(0, IV_BYTES) }, aes, data)
  const parsed = clear && parseJson(clear)
  if (parsed?.kind !== 'value') return fault('unsupported_body', 'the decrypted content is no JSON')
  return { kind: 'opened', value: parsed.value }
}

async function isSigned(secret: Bytes, signature: Bytes, data: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ])
  return await crypto.subtle.verify('HMAC', key, signature, data)
}

async function privateKey(pem: string): Promise<CryptoKey | undefined> {
  const cached = privateKeys.get(pem)
  if (cached) return cached
  const read = fromPem(pem)
  if (read?.label !== 'PRIVATE KEY') return undefined
  try {
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-1' }
    const key = await crypto.subtle.importKey('pkcs8', read.der, algorithm, false, ['decrypt'])
    privateKeys.set(pem, key)
    return key
  } catch {
    // Not a key of this algorithm: WebCrypto has no way to ask beforehand.
    return undefined
  }
}

async function decrypt(
  algorithm: Parameters<typeof crypto.subtle.decrypt>[0],
  key: CryptoKey,
  cipher: Bytes,
): Promise<Bytes | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, cipher))
  } catch {
    // WebCrypto's word for content that was not encrypted to this key.
    return undefined
  }
}

function itemsIn({ items }: EncryptedSpec, request: RawRequest): unknown[] {
  const found = atPointer(rootOf(request), items)
  return Array.isArray(found) ? found : []
}

function rootOf(request: RawRequest): unknown {
  const document = documentOf(request)
  return 'value' in document ? document.value : undefined
}

/** A copy of the document with another value at the pointer, which leads somewhere in it. */
export function replaceAt(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === '') return value
  const [, name = '', rest = ''] = /^\/([^/]*)(.*)$/s.exec(pointer) ?? []
  const own = name.replaceAll('~1', '/').replaceAll('~0', '~')
  return { ...(document as Item), [own]: replaceAt((document as Item)[own], rest, value) }
}

function fault(reason: FailureReason, hint: string): Opened {
  return { kind: 'fault', reason, hint }
}

function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
