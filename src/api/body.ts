import { concat, textExact, type Bytes } from '../model/bytes.ts'
import { ProblemError } from '../model/problem.ts'

/** Enough for a batch of a hundred events of 10 KB; larger events come in through a source. */
export const API_BODY_BYTES_MAX = 1024 * 1024
/** Deeper than any honest document, shallower than any parser's or serialiser's stack. */
const DEPTH_MAX = 64

/** Reads a body that must not exceed the limit, whatever its content length says. */
export async function readBody(request: Request): Promise<Bytes> {
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Send the body without a content encoding.')
  }
  if (Number(request.headers.get('content-length') ?? 0) > API_BODY_BYTES_MAX) throw tooLarge()
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request.body ?? []) {
    bytes += part.byteLength
    if (bytes > API_BODY_BYTES_MAX) throw tooLarge()
    parts.push(part)
  }
  return concat(parts)
}

/** The body as JSON; an empty body is an empty object. */
export function parseJson(bytes: Bytes): unknown {
  if (bytes.byteLength === 0) return {}
  const decoded = textExact(bytes)
  if (decoded === undefined) throw new ProblemError('invalid_json', 'The body is not UTF-8.')
  // RFC 8259, section 8.1: a parser may ignore a byte order mark.
  const source = decoded.replace(/^\ufeff/, '')
  const tooDeep = positionBeyondDepth(source)
  if (tooDeep !== undefined) {
    throw new ProblemError(
      'invalid_json',
      `The body nests deeper than ${DEPTH_MAX} levels at position ${tooDeep}.`,
    )
  }
  try {
    return JSON.parse(source)
  } catch (error) {
    throw new ProblemError('invalid_json', describe(error, source))
  }
}

function tooLarge(): ProblemError {
  return new ProblemError('body_too_large', `The body may have at most ${API_BODY_BYTES_MAX} bytes.`)
}

/** Takes the position or the offending character from the parser's message, not the piece of the body that it quotes. */
function describe(error: unknown, source: string): string {
  const message = String(error)
  const [, position] = /at position (\d+)/.exec(message) ?? []
  if (position !== undefined) {
    const before = source.slice(0, Number(position)).split('\n')
    const column = (before.at(-1)?.length ?? 0) + 1
    return `The body is not JSON: stopped at position ${position} (line ${before.length}, column ${column}).`
  }
  const [, token] = /Unexpected token '(.)'/u.exec(message) ?? []
  if (token !== undefined) return `The body is not JSON: it has a ${token} where none can stand.`
  return 'The body is not JSON: it ends too early.'
}

function positionBeyondDepth(source: string): number | undefined {
  let depth = 0
  let inString = false
  for (let i = 0; i < source.length; i++) {
    const char = source.charCodeAt(i)
    if (inString) {
      if (char === BACKSLASH) i++
      else if (char === QUOTE) inString = false
    } else if (char === QUOTE) inString = true
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      if (++depth > DEPTH_MAX) return i
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth--
  }
  return undefined
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
