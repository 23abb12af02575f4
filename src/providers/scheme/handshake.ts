import { utf8 } from '../../model/bytes.ts'
import { encodeAs, type Encoding } from './encoding.ts'
import { digest, hmacKey, mac, type Hash } from './key-cache.ts'
import { readPlace } from './place.ts'
import type { Inbound } from './scheme.ts'
import { secretBytes, type SecretForm } from './secret.ts'

/** A request by which a provider asks whether we are there, or proves that an address is ours. */
export interface Handshake {
  /** Every condition must hold. */
  when: {
    method?: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
    /** Places that must be there; with a value, that must have it. */
    has?: Readonly<Record<string, string | true>>
    /** Places that must not be there. */
    lacks?: readonly string[]
  }
  /** The request must pass the source's scheme before it is answered. */
  signed?: true
  answer(ask: Ask): HandshakeAnswer | undefined | Promise<HandshakeAnswer | undefined>
}

export interface HandshakeAnswer {
  status: number
  headers: Record<string, string>
  /** Null: no body, as the statuses 204 and 304 demand. */
  body: string | null
  /** What else must happen: keep a secret that the provider has just handed over, or visit a URL to confirm. */
  effect?: { kind: 'keep_secret'; secret: string } | { kind: 'visit'; url: string }
}

interface MacForm {
  hash?: Hash
  encoding?: Encoding
  key?: SecretForm
}

/** What an answer is made of. */
export interface Ask extends Inbound {
  /** The text at a place, bounded; undefined when it is not there. */
  read: (place: string) => string | undefined
  /** HMAC-SHA256 in hex, unless told otherwise, of a challenge under the newest secret; undefined for what is no token. */
  hmac: (challenge: string | undefined, how?: MacForm) => Promise<string | undefined>
  /** SHA-256 in hex. */
  hash: (text: string) => Promise<string>
}

/** Echoed texts are at most this long. */
const ECHO_CHARS_MAX = 4096
/** Challenges are small; a larger body is not parsed for one before its signature was checked. */
const CHALLENGE_BYTES_MAX = 64 * 1024

/**
 * The characters of a challenge that may be signed. Some providers have us sign a text of the caller's choice with the
 * very key that signs their events; were any text signed, whoever asks could have events signed. No JSON document,
 * form or `v0:` text is written with these characters only.
 */
const CHALLENGE = /^[A-Za-z0-9_+/=.-]{1,512}$/

export function askOf(inbound: Inbound): Ask {
  return {
    ...inbound,
    read: (place) => {
      if (place.startsWith('/') && inbound.request.body.byteLength > CHALLENGE_BYTES_MAX) return undefined
      const value = readPlace(inbound.request, place)
      return value === undefined || value.length > ECHO_CHARS_MAX ? undefined : value
    },
    hmac: async (challenge, { hash = 'sha256', encoding = 'hex', key: form = {} } = {}) => {
      const [secret] = inbound.secrets
      if (!secret || challenge === undefined || !CHALLENGE.test(challenge)) return undefined
      const key = await hmacKey(hash, `challenge:${form.hash ?? ''}:${secret}`, () =>
        secretBytes(secret, form),
      )
      return key && encodeAs(encoding, await mac(key, utf8(challenge)))
    },
    hash: async (text) => encodeAs('hex', await digest('sha256', utf8(text))),
  }
}

/** `nosniff`: the text is the caller's, and must stay text in a browser. */
export function textAnswer(body: string): HandshakeAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' },
    body,
  }
}

export function jsonAnswer(value: unknown): HandshakeAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

export function emptyAnswer(headers: Record<string, string> = {}, status = 200): HandshakeAnswer {
  return { status, headers, body: null }
}
