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

/** Calls back once after so many milliseconds. The answer takes it back: a timer that is left keeps an object awake and billed. */
export type After = (ms: number, callback: () => void) => () => void

export const after: After = (ms, callback) => {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}

/** What the promise brings, or an error when it takes longer. */
export async function within<T>(ms: number, promise: Promise<T>, afterMs: After): Promise<T> {
  const late = Promise.withResolvers<never>()
  const cancel = afterMs(ms, () => late.reject(new Error(`no answer within ${ms} ms`)))
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    cancel()
  }
}

/** ISO 8601 in UTC with milliseconds, as every time in the API. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
