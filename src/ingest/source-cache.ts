import type { SourceId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { take } from '../model/rate-limit.ts'
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
/** Apart from the sources, or a flood of invented ids would push those out. */
const ABSENT_MAX = 20_000
/** Reads for ids that turn out not to exist: a thousand at once, then a hundred a second. */
const ABSENT_READS = { limit: 1_000, periodSeconds: 10 }
/** A read that finds its source is given back. */
const READ_SHARE_MS = (ABSENT_READS.periodSeconds * 1000) / ABSENT_READS.limit

interface Entry {
  source: Source
  readAt: number
}

export type ReadSource = (id: SourceId, options: { fresh: boolean }) => Promise<Source | undefined>

/** The sources of one isolate: a warm one costs no read, and a flood of unknown ids a bounded number. */
export class SourceCache {
  readonly #entries = new Map<SourceId, Entry>()
  /** Ids without a source, and when that was read. */
  readonly #absent = new Map<SourceId, number>()
  #budgetFullAt = 0
  #reads = 0

  /** How often the database was asked. */
  get reads(): number {
    return this.#reads
  }

  /** Throws `unavailable` for an id it has not seen when too many of those were invented. */
  async find(id: SourceId, now: number, read: ReadSource): Promise<Source | undefined> {
    const entry = this.#entries.get(id)
    if (entry && now - entry.readAt < SOURCE_CACHE_MS) return entry.source
    if (!entry && now - (this.#absent.get(id) ?? -Infinity) < ABSENT_CACHE_MS) return undefined
    if (!entry) this.#spend(now)
    try {
      const source = await this.#read(id, now, read, false)
      if (!entry && source) this.#budgetFullAt -= READ_SHARE_MS
      return source
    } catch (error) {
      if (entry && now - entry.readAt < STALE_MS_MAX) return entry.source
      throw error
    }
  }

  /** The source as it is now, for a request that did not verify; undefined when that was asked only just now. */
  async refresh(id: SourceId, now: number, read: ReadSource): Promise<Source | undefined> {
    const entry = this.#entries.get(id)
    if (entry && now - entry.readAt < REFRESH_MS_MIN) return undefined
    return await this.#read(id, now, read, true)
  }

  /** Before the read, at the present time: many reads are under way at once, and by their end their time is past. */
  #spend(now: number): void {
    const { verdict, fullAt } = take(ABSENT_READS, this.#budgetFullAt, now)
    if (!verdict.isAllowed) throw crowded()
    this.#budgetFullAt = fullAt
  }

  forget(id: SourceId): void {
    this.#entries.delete(id)
    this.#absent.delete(id)
  }

  /** Concurrent misses each read: a promise must not be awaited across requests, whose contexts may end before it. */
  async #read(id: SourceId, now: number, read: ReadSource, fresh: boolean): Promise<Source | undefined> {
    this.#reads++
    const source = await read(id, { fresh })
    this.forget(id)
    if (source) {
      this.#entries.set(id, { source, readAt: now })
      dropOldest(this.#entries, SOURCES_MAX)
    } else {
      this.#absent.set(id, now)
      dropOldest(this.#absent, ABSENT_MAX)
    }
    return source
  }
}

function dropOldest(map: Map<SourceId, unknown>, max: number): void {
  const [oldest] = map.keys()
  if (map.size > max && oldest !== undefined) map.delete(oldest)
}

function crowded(): ProblemError {
  return new ProblemError('unavailable', 'Too many unknown sources were asked for. Send it again.', {
    headers: { 'retry-after': '2' },
  })
}
