import type { SourceId } from '../model/id.ts'
import type { Source } from '../model/source.ts'

/** A change of a source made elsewhere takes effect after this long at the latest; in the same isolate at once. */
export const SOURCE_CACHE_MS = 10_000
/** Ids that do not exist cost one read in this time. */
const ABSENT_CACHE_MS = 5_000
/** When D1 does not answer, a source that was known stays known. */
const STALE_MS_MAX = 3_600_000
/** A wrong signature makes the cache ask again, but not more often than this for one source. */
const REFRESH_MS_MIN = 1_000
const SOURCES_MAX = 5_000

interface Entry {
  source: Source | undefined
  readAt: number
}

export type ReadSource = (id: SourceId, options: { fresh: boolean }) => Promise<Source | undefined>

/** The sources of one isolate: a warm one costs no read, and a flood of unknown ids a bounded number. */
export class SourceCache {
  readonly #entries = new Map<SourceId, Entry>()

  async find(id: SourceId, now: number, read: ReadSource): Promise<Source | undefined> {
    const entry = this.#entries.get(id)
    const lifeMs = entry?.source ? SOURCE_CACHE_MS : ABSENT_CACHE_MS
    if (entry && now - entry.readAt < lifeMs) return entry.source
    try {
      return await this.#read(id, now, read, false)
    } catch (error) {
      if (entry?.source && now - entry.readAt < STALE_MS_MAX) return entry.source
      throw error
    }
  }

  /** The source as it is now, for a request that did not verify; undefined when that was asked only just now. */
  async refresh(id: SourceId, now: number, read: ReadSource): Promise<Source | undefined> {
    const entry = this.#entries.get(id)
    if (entry && now - entry.readAt < REFRESH_MS_MIN) return undefined
    return await this.#read(id, now, read, true)
  }

  forget(id: SourceId): void {
    this.#entries.delete(id)
  }

  /** Concurrent misses each read: a promise must not be awaited across requests, whose contexts may end before it. */
  async #read(id: SourceId, now: number, read: ReadSource, fresh: boolean): Promise<Source | undefined> {
    const source = await read(id, { fresh })
    this.#entries.delete(id)
    this.#entries.set(id, { source, readAt: now })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > SOURCES_MAX && oldest !== undefined) this.#entries.delete(oldest)
    return source
  }
}
