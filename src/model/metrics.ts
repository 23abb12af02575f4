/** Upper bounds of the latency buckets; the last bucket has none. A receiver may take 30 s at most. */
export const LATENCY_BOUNDS_MS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000] as const
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** What is counted. `received` counts events, `deliveries` those seen for the first time, the rest attempts. */
export interface Counts {
  received: number
  rejected: number
  deliveries: number
  attempts: number
  delivered: number
  failed: number
  retried: number
  dead: number
  /** The sum over all attempts. */
  durationMs: number
  /** Attempts in each bucket of `LATENCY_BOUNDS_MS`. */
  latency: number[]
}

export function latencyBucket(durationMs: number): number {
  const bucket = LATENCY_BOUNDS_MS.findIndex((bound) => durationMs <= bound)
  return bucket === -1 ? LATENCY_BOUNDS_MS.length : bucket
}

export function hourOf(ms: number): number {
  return ms - (ms % HOUR_MS)
}

/** The duration under which the share `p` (0 to 1) of attempts lies, taken as even inside its bucket; null: none. */
export function percentile(latency: readonly number[], p: number): number | null {
  const total = latency.reduce((sum, each) => sum + each, 0)
  if (total === 0) return null
  let before = 0
  for (const [bucket, inside] of latency.entries()) {
    if (inside > 0 && before + inside >= p * total) {
      const low = bucket === 0 ? 0 : (LATENCY_BOUNDS_MS[bucket - 1] ?? 0)
      const high = LATENCY_BOUNDS_MS[bucket] ?? 30_000
      return Math.round(low + ((high - low) * (p * total - before)) / inside)
    }
    before += inside
  }
  return null
}
