/** Waits before the second and third call to an object; each goes to a new stub, as the platform asks. */
const WAITS_MS = [50, 250]

/**
 * Calls an object again when the platform says that it may help: `retryable` and not `overloaded` (an overloaded
 * object is made worse by a retry). The call must be idempotent: the platform does not say whether it arrived.
 */
export async function appendWithRetry<T>(call: () => Promise<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await call()
    } catch (error) {
      if (!isRetryable(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
  return await call()
}

function isRetryable(error: unknown): boolean {
  const { retryable = false, overloaded = false } = error as { retryable?: boolean; overloaded?: boolean }
  return retryable && !overloaded
}
