import { concat, fromBase64, type Bytes } from '../../model/bytes.ts'

/** One element of DER (X.690): its tag, its content, and the whole with tag and length. */
interface Element {
  tag: number
  content: Bytes
  whole: Bytes
}

const INTEGER = 0x02
const BIT_STRING = 0x03
const SEQUENCE = 0x30
const VERSION = 0xa0

/** The bytes of the first PEM block, with its label; or undefined. */
export function fromPem(pem: string): { label: string; der: Bytes } | undefined {
  const match = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(pem)
  const der = fromBase64((match?.[2] ?? '').replace(/\s+/g, ''))
  return match?.[1] === undefined || der === undefined ? undefined : { label: match[1], der }
}

/**
 * The SubjectPublicKeyInfo of an X.509 certificate (RFC 5280 section 4.1). The certificate is not validated: trust
 * comes from where it was fetched, which is pinned.
 */
export function publicKeyOfCertificate(der: Bytes): Bytes | undefined {
  const [certificate] = elements(der) ?? []
  const [body] = certificate?.tag === SEQUENCE ? (elements(certificate.content) ?? []) : []
  if (body?.tag !== SEQUENCE) return undefined
  const fields = elements(body.content) ?? []
  // Serial number, signature algorithm, issuer, validity, subject, key; before them an optional version.
  const key = fields[fields[0]?.tag === VERSION ? 6 : 5]
  return key?.tag === SEQUENCE ? key.whole : undefined
}

/** An RSAPublicKey (PKCS 1) as a SubjectPublicKeyInfo. */
export function wrapRsaKey(der: Bytes): Bytes {
  const algorithm = Uint8Array.of(0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0)
  const bits = element(BIT_STRING, concat([Uint8Array.of(0), der]))
  return element(SEQUENCE, concat([algorithm, bits]))
}

/** An ECDSA signature as WebCrypto takes it, r and s of `size` bytes each, from DER (RFC 3279 section 2.2.3). */
export function rawEcdsa(der: Bytes, size: number): Bytes | undefined {
  const outer = elements(der)
  const [sequence] = outer ?? []
  if (outer?.length !== 1 || sequence?.tag !== SEQUENCE) return undefined
  const numbers = elements(sequence.content)
  const [r, s] = numbers ?? []
  if (numbers?.length !== 2 || r === undefined || s === undefined) return undefined
  const halves = [unsigned(r, size), unsigned(s, size)]
  const [left, right] = halves
  return left === undefined || right === undefined ? undefined : concat([left, right])
}

/** A positive integer in its shortest form, padded to `size`. */
function unsigned({ tag, content }: Element, size: number): Bytes | undefined {
  const [first = 0, second = 0] = content
  if (tag !== INTEGER || content.byteLength === 0 || first > 0x7f) return undefined
  if (first === 0 && content.byteLength > 1 && second <= 0x7f) return undefined
  const digits = first === 0 ? content.subarray(1) : content
  if (digits.byteLength > size) return undefined
  const padded = new Uint8Array(size)
  padded.set(digits, size - digits.byteLength)
  return padded
}

/** The elements that fill `bytes` exactly, or undefined. */
function elements(bytes: Bytes): Element[] | undefined {
  const found: Element[] = []
  for (let offset = 0; offset < bytes.byteLength;) {
    const next = elementAt(bytes, offset)
    if (next === undefined) return undefined
    found.push(next)
    offset += next.whole.byteLength
  }
  return found
}

function elementAt(bytes: Bytes, start: number): Element | undefined {
  const tag = bytes[start]
  let length = bytes[start + 1]
  if (tag === undefined || length === undefined) return undefined
  let offset = start + 2
  if (length > 0x7f) {
    const lengthBytes = length & 0x7f
    if (lengthBytes === 0 || lengthBytes > 3) return undefined
    length = 0
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[offset++] ?? 0)
    // The shortest form only: a length has one spelling.
    if (length < 0x80 || length < 256 ** (lengthBytes - 1)) return undefined
  }
  const end = offset + length
  if (end > bytes.byteLength) return undefined
  return { tag, content: bytes.subarray(offset, end), whole: bytes.subarray(start, end) }
}

function element(tag: number, content: Bytes): Bytes {
  const { byteLength } = content
  const length = byteLength < 0x80 ? [byteLength] : [0x82, byteLength >> 8, byteLength & 0xff]
  return concat([Uint8Array.of(tag, ...length), content])
}
