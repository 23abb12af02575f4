import type { EventId } from '../model/id.ts'

/** Keys remembered by one intake object; beyond it the oldest are forgotten first. About 25 MB at most. */
export const DEDUPE_KEYS_MAX = 200_000

export interface DedupeEntry {
  key: string
  id: EventId
  expiresAt: number
}

/** The window of one intake object: key to first event, oldest first. Rebuilt from segments after an eviction. */
export class DedupeWindow {
  readonly #entries = new Map<string, DedupeEntry>()
  readonly #max: number

  constructor(max: number = DEDUPE_KEYS_MAX) {
    this.#max = max
  }

  find(key: string, now: number): EventId | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.expiresAt > now ? entry.id : undefined
  }

  remember(entry: DedupeEntry): void {
    this.#entries.delete(entry.key)
    this.#entries.set(entry.key, entry)
    if (this.#entries.size > this.#max) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
  }

  /** Takes back what was never made durable. */
  forget(key: string): void {
    this.#entries.delete(key)
  }
}
