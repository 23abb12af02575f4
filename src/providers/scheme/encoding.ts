import {
  fromBase64,
  fromBase64Url,
  fromHex,
  textExact,
  toBase64,
  toBase64Url,
  toHex,
  type Bytes,
} from '../../model/bytes.ts'

/**
 * How a signature is spelled. Spellings are exact, so that no two texts stand for one signature: `hex` is lower case,
 * `hex-upper` upper case, and `hex-any` takes either, for senders of which we do not know it.
 */
export type Encoding = 'hex' | 'hex-upper' | 'hex-any' | 'base64' | 'base64url' | 'base64-of-hex'

export function encodeAs(encoding: Encoding, bytes: Uint8Array): string {
  switch (encoding) {
    case 'hex':
    case 'hex-any':
      return toHex(bytes)
    case 'hex-upper':
      return toHex(bytes).toUpperCase()
    case 'base64':
      return toBase64(bytes)
    case 'base64url':
      return toBase64Url(bytes)
    case 'base64-of-hex':
      return btoa(toHex(bytes))
  }
}

/** The spelling of a received signature that `encodeAs` would give. */
export function canonical(encoding: Encoding, text: string): string {
  return encoding === 'hex-any' ? text.toLowerCase() : text
}

/** The bytes of a signature in its one spelling, or undefined: unused bits and stray case make it another text. */
export function decodeAs(encoding: Encoding, text: string): Bytes | undefined {
  const bytes = decode(encoding, text)
  return bytes !== undefined && encodeAs(encoding, bytes) === canonical(encoding, text) ? bytes : undefined
}

function decode(encoding: Encoding, text: string): Bytes | undefined {
  switch (encoding) {
    case 'hex':
    case 'hex-upper':
    case 'hex-any':
      return fromHex(text)
    case 'base64':
      return fromBase64(text)
    case 'base64url':
      return fromBase64Url(text)
    case 'base64-of-hex':
      return fromHex(textExact(fromBase64(text) ?? new Uint8Array()) ?? '')
  }
}
