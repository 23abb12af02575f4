/** The only place that reads the time or rolls dice; everything else is given `now` and `random`. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** A float in [0, 1). */
  random(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
}

/** ISO 8601 in UTC with milliseconds, as every time in the API. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
