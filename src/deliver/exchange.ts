import { classifyNetworkError, type DeferredReason } from '../model/attempt.ts'
import { text } from '../model/bytes.ts'
import type { After } from '../model/clock.ts'
import type { HeaderPair } from '../model/request.ts'

/** Enough to show what a receiver complained about; its answers are untrusted and may be endless. */
export const RESPONSE_READ_BYTES_MAX = 16 * 1024

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface Received {
  kind: 'answer'
  statusCode: number
  headers: HeaderPair[]
  /** Its start, as text. */
  body: string
  isCut: boolean
}

export interface Failed {
  kind: 'failure'
  reason: DeferredReason
  message: string
}

/**
 * One request and the start of its answer, with a deadline over both. Redirects are answers. The timer is cleared, for
 * a leftover one keeps the object awake and billed.
 */
export async function exchange(
  { fetch, after }: { fetch: Fetch; after: After },
  {
    url,
    init,
    timeoutMs,
    bytesMax = RESPONSE_READ_BYTES_MAX,
  }: { url: string; init: RequestInit; timeoutMs: number; bytesMax?: number },
): Promise<Received | Failed> {
  const abort = new AbortController()
  const cancel = after(timeoutMs, () => abort.abort())
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: abort.signal })
    // Taken before the body: once the deadline has aborted the request, the runtime gives them no more.
    const head = { statusCode: response.status, headers: [...response.headers] }
    return { kind: 'answer', ...head, ...(await readStart(response, bytesMax)) }
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
async function readStart(response: Response, bytesMax: number): Promise<{ body: string; isCut: boolean }> {
  const reader = response.body?.getReader()
  if (!reader) return { body: '', isCut: false }
  const start = new Uint8Array(bytesMax)
  let length = 0
  let isCut = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const part = value.subarray(0, bytesMax - length)
      start.set(part, length)
      length += part.byteLength
      isCut = part.byteLength < value.byteLength || length === bytesMax
      if (isCut) break
    }
  } catch {
    isCut = true
  }
  await reader.cancel().catch(() => undefined)
  return { body: text(start.subarray(0, length)), isCut }
}
