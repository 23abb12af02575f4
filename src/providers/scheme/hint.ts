import { fromBase64, fromHex, utf8, type Bytes } from '../../model/bytes.ts'
import { sameText } from './compare.ts'
import { encodeAs, type Encoding } from './encoding.ts'
import { digest, hmacKey, mac, type Hash } from './key-cache.ts'

/** Failures are what attackers send most, so hints are tried on small content only, and on one secret. */
const HINT_BYTES_MAX = 64 * 1024

interface Mismatch {
  hash: Hash
  encoding: Encoding
  content: Bytes
  sent: readonly string[]
  secrets: readonly string[]
}

/**
 * Why a signature may not match, found by trying the usual mistakes; for the owner's eyes only. A hint never turns
 * into a verdict: what matches only after a repair was not signed by the provider as received.
 */
export async function hintOfMismatch(mismatch: Mismatch): Promise<string | undefined> {
  const { content, secrets, encoding, hash } = mismatch
  const [secret] = secrets
  if (secret === undefined || content.byteLength > HINT_BYTES_MAX) return undefined
  const length = encodeAs(encoding, await digest(hash, utf8(''))).length
  const sent = mismatch.sent.filter((signature) => signature.length === length)
  if (sent.length === 0) return `a signature here has ${length} characters`
  for (const { says, key, text } of repairs(secret, content)) {
    if (key === undefined || text === undefined) continue
    const imported = await hmacKey(hash, `hint:${says}:${secret}`, () => key)
    if (imported === undefined) continue
    const expected = encodeAs(encoding, await mac(imported, text))
    if (sent.some((signature) => sameText(signature, expected))) return says
  }
  return undefined
}

interface Repair {
  says: string
  key: Bytes | undefined
  text: Bytes | undefined
}

function repairs(secret: string, content: Bytes): Repair[] {
  const bare = secret.replace(/^whsec_/, '')
  const key = utf8(secret)
  const trimmed = withoutFinalNewline(content)
  return [
    { says: 'the signature matches after trimming the secret', key: utf8(secret.trim()), text: content },
    { says: 'the signature matches with the secret as plain text', key, text: content },
    { says: 'the signature matches with the secret read as base64', key: fromBase64(bare), text: content },
    { says: 'the signature matches with the secret read as hex', key: fromHex(bare), text: content },
    { says: 'the signature matches without whsec_', key: utf8(bare), text: content },
    { says: 'the signature matches the body without its final newline', key, text: trimmed },
    { says: 'the signature matches the body with a final newline', key, text: withNewline(content) },
  ]
}

function withoutFinalNewline(content: Bytes): Bytes | undefined {
  if (content.at(-1) !== 0x0a) return undefined
  return content.subarray(0, content.at(-2) === 0x0d ? -2 : -1)
}

function withNewline(content: Bytes): Bytes {
  const longer = new Uint8Array(content.byteLength + 1)
  longer.set(content)
  longer[content.byteLength] = 0x0a
  return longer
}
