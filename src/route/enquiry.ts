import { concat, text } from '../model/bytes.ts'
import type { CheckTarget } from '../model/resolver.ts'
import type { Enquiry } from './transform-deps.ts'

const ANSWER_BYTES_MAX = 64 * 1024
const CACHED_MAX = 500

export interface EnquiryDeps {
  fetch(url: string, init: RequestInit): Promise<Response>
  checkTarget: CheckTarget
  now(): number
}

/** Asks strangers' services for JSON: guarded as deliveries are, with a deadline and a bound, and not twice in a while. */
export function makeEnquirer({
  fetch,
  checkTarget,
  now,
}: EnquiryDeps): (enquiry: Enquiry) => Promise<unknown> {
  const known = new Map<string, { answer: unknown; until: number }>()
  return async (enquiry) => {
    const { tenantId, url, headers, cacheSeconds } = enquiry
    const key = JSON.stringify([tenantId, url, headers])
    const found = known.get(key)
    if (found && found.until > now()) return found.answer
    const checked = await checkTarget(url)
    if (!checked.ok) throw new Error(checked.error.detail)
    const answer = await ask(checked.value.href, enquiry, fetch)
    known.delete(key)
    if (known.size >= CACHED_MAX) known.clear()
    if (cacheSeconds > 0) known.set(key, { answer, until: now() + cacheSeconds * 1000 })
    return answer
  }
}

async function ask(
  url: string,
  { headers, timeoutMs }: Enquiry,
  fetch: EnquiryDeps['fetch'],
): Promise<unknown> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeoutMs)
  try {
    const init = {
      headers: { accept: 'application/json', ...headers },
      redirect: 'manual',
      signal: abort.signal,
    } as const
    const response = await fetch(url, init)
    if (!response.ok) {
      await response.body?.cancel()
      throw new Error(`the answer was ${response.status}`)
    }
    return JSON.parse(text(await readBounded(response))) as unknown
  } catch (error) {
    if (abort.signal.aborted) throw new Error(`no answer within ${timeoutMs} ms`, { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return concat(parts)
}
