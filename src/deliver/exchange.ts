import { classifyNetworkError, type DeferredReason } from '../model/attempt.ts'
import { concat, text, type Bytes } from '../model/bytes.ts'
import type { After } from '../model/clock.ts'
import type { Whole } from '../model/reply.ts'
import type { HeaderPair } from '../model/request.ts'

/** Enough to show what a receiver complained about; its answers are untrusted and may be endless. */
export const RESPONSE_READ_BYTES_MAX = 16 * 1024
/** Most answers are a word or two: these are read with one call. Compressed, they have no more than a thousand times as much. */
const SHORT_BYTES_MAX = 256

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface Received {
  kind: 'answer'
  statusCode: number
  headers: HeaderPair[]
  /** Its start, as text. */
  body: string
  isCut: boolean
  /** All of it, where that was asked for; `too_large`, `broken`: it is not to be had. */
  whole?: Whole
}

export interface Failed {
  kind: 'failure'
  reason: DeferredReason
  message: string
}

export interface Exchanged {
  url: string
  init: RequestInit
  timeoutMs: number
  /** So much of the answer is read as text. */
  bytesMax?: number
  /** An answer of at most so many bytes is wanted as a whole. */
  wholeBytesMax?: number
}

/**
 * One request and the start of its answer, with a deadline over both. Redirects are answers. The timer is cleared, for
 * a leftover one keeps the object awake and billed.
 */
export async function exchange(
  { fetch, after }: { fetch: Fetch; after: After },
  { url, init, timeoutMs, bytesMax = RESPONSE_READ_BYTES_MAX, wholeBytesMax = 0 }: Exchanged,
): Promise<Received | Failed> {
  const abort = new AbortController()
  const cancel = after(timeoutMs, () => abort.abort())
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: abort.signal })
    // Taken before the body: once the deadline has aborted the request, the runtime gives them no more.
    const head = { statusCode: response.status, headers: [...response.headers] }
    return { kind: 'answer', ...head, ...(await readStart(response, { bytesMax, wholeBytesMax })) }
  } catch (error) {
    if (abort.signal.aborted) {
      return { kind: 'failure', reason: 'timeout', message: `No answer within ${timeoutMs} ms.` }
    }
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'failure', ...classifyNetworkError(message, url) }
  } finally {
    cancel()
  }
}

/**
 * The first bytes of the answer. A body that breaks off or hangs until the deadline is cut, and is an answer all the
 * same: the status has come. What is not read is cancelled, or its connection would stay taken.
 */
async function readStart(
  response: Response,
  { bytesMax, wholeBytesMax }: { bytesMax: number; wholeBytesMax: number },
): Promise<Pick<Received, 'body' | 'isCut' | 'whole'>> {
  const { bytes, end } = await readUpTo(response, Math.max(bytesMax, wholeBytesMax))
  const start = bytes.subarray(0, bytesMax)
  const isCut = end !== 'whole' || start.byteLength === bytesMax
  return {
    body: text(start),
    isCut,
    ...(wholeBytesMax > 0 && { whole: end === 'whole' ? bytes : end }),
  }
}

async function readUpTo(
  response: Response,
  max: number,
): Promise<{ bytes: Bytes; end: 'whole' | Exclude<Whole, Bytes> }> {
  if (!response.body) return { bytes: new Uint8Array(0), end: 'whole' }
  if (isShort(response)) return await readShort(response)
  const reader = response.body.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  let end: 'whole' | Exclude<Whole, Bytes> = 'whole'
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const part = value.subarray(0, max - length)
      parts.push(part)
      length += part.byteLength
      if (part.byteLength === value.byteLength && length < max) continue
      end = 'too_large'
      break
    }
  } catch {
    end = 'broken'
  }
  await reader.cancel().catch(() => undefined)
  return { bytes: concat(parts), end }
}

function isShort(response: Response): boolean {
  const announced = response.headers.get('content-length')
  return announced !== null && Number(announced) <= SHORT_BYTES_MAX
}

async function readShort(response: Response): Promise<{ bytes: Bytes; end: 'whole' | 'broken' }> {
  try {
    return { bytes: new Uint8Array(await response.arrayBuffer()), end: 'whole' }
  } catch {
    return { bytes: new Uint8Array(0), end: 'broken' }
  }
}
