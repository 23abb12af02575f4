import { after } from '../model/clock.ts'

const TIMEOUT_MS = 10_000

/**
 * Asks for the URL by which a provider has a subscription confirmed. The provider's own file pinned the host, so a
 * redirect, which could lead anywhere, is not followed. A failure is the provider's to repeat: it asks again.
 */
export async function visit(
  url: string,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
): Promise<void> {
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
