import type { After, Clock } from '../model/clock.ts'
import type { SourceId } from '../model/id.ts'
import { take, type RateLimit } from '../model/rate-limit.ts'
import type { CheckTarget } from '../model/resolver.ts'

export interface VisitDeps {
  clock: Clock
  after: After
  fetch(url: string, init: RequestInit): Promise<Response>
  /** The guard of delivery targets: public addresses, https. */
  checkTarget: CheckTarget
}

const TIMEOUT_MS = 10_000
/** Event Grid takes no confirmation of a request whose answer it has not seen. */
const PAUSE_MS = 1_000
/** A provider asks once when a subscription is made, and perhaps again; whoever asks more often aims at somebody. */
const OF_A_SOURCE: RateLimit = { limit: 5, periodSeconds: 60 }
/** Of all sources of an isolate. */
const OF_ALL: RateLimit = { limit: 60, periodSeconds: 60 }
const SOURCES_MAX = 1_000

/**
 * Asks for the URLs by which providers have a subscription confirmed. Senders name them, so each was pinned by the
 * provider's file or allowed by the owner, is guarded like a target of deliveries, and so many are asked for at most.
 * A redirect, which could lead anywhere, is not followed, and the answer is not read. A failure is the provider's to
 * repeat: it asks again.
 */
export class Visits {
  /** By source: when its bucket is full again. */
  readonly #fullAt = new Map<SourceId, number>()
  #allFullAt = 0

  async visit(sourceId: SourceId, url: string, deps: VisitDeps): Promise<void> {
    if (!this.#take(sourceId, deps.clock.now())) return
    await new Promise<void>((resolve) => void deps.after(PAUSE_MS, resolve))
    const target = await deps.checkTarget(url)
    if (target.ok) await ask(target.value.href, deps)
  }

  #take(sourceId: SourceId, now: number): boolean {
    const own = take(OF_A_SOURCE, this.#fullAt.get(sourceId) ?? 0, now)
    if (!own.verdict.isAllowed) return false
    const all = take(OF_ALL, this.#allFullAt, now)
    if (!all.verdict.isAllowed) return false
    if (this.#fullAt.size >= SOURCES_MAX) this.#fullAt.clear()
    this.#fullAt.set(sourceId, own.fullAt)
    this.#allFullAt = all.fullAt
    return true
  }
}

async function ask(url: string, { fetch, after }: VisitDeps): Promise<void> {
  const abort = new AbortController()
  const cancel = after(TIMEOUT_MS, () => abort.abort())
  try {
    const response = await fetch(url, { redirect: 'manual', signal: abort.signal })
    await response.body?.cancel()
  } catch {
    // Expected of a host that cannot be reached.
  } finally {
    cancel()
  }
}
