import { Lru } from './lru.ts'

/** Whose URLs may be fetched. The URL itself may be the sender's wish; the host never is. */
export interface PinnedHosts {
  /** Whole host names. */
  hosts: readonly (string | RegExp)[]
  /** Beside the standard one. */
  port?: number
}

/** What to fetch, and from whom it may come. */
export interface KeyRequest extends PinnedHosts {
  url: string
  /** A POST with this JSON, for providers that hand keys out by API. */
  body?: string
  headers?: Readonly<Record<string, string>>
  /** Ask again although an answer is known: a key id was not in it. Granted once a minute. */
  again?: boolean
}

/** Where schemes get public keys that the source does not hold itself. */
export interface KeyStore {
  /** The text at a URL, or undefined when it may not or cannot be had. */
  text(request: KeyRequest): Promise<string | undefined>
}

/** For sources whose scheme needs no key from elsewhere, and for tests. */
export const noKeys: KeyStore = { text: () => Promise.resolve(undefined) }

export interface KeyStoreDeps {
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds. */
  now: () => number
}

const FRESH_MS = 60 * 60 * 1000
/** A failure is remembered for as long as an unknown key id may not ask again. */
const PATIENCE_MS = 60 * 1000
const FETCHES_PER_MINUTE = 30
const TIMEOUT_MS = 5000
/** Microsoft's JWKS, the largest, has some 30 kB. */
const ANSWER_CHARS_MAX = 256 * 1024

interface Known {
  text: string | undefined
  at: number
}

/**
 * Fetches keys from pinned hosts and keeps them for an hour. However many different URLs senders name, one isolate
 * asks a bounded number of times a minute. Only answers are shared between requests, never promises: workerd does not
 * let one request wait for the fetch of another.
 */
export function makeKeyStore({ fetch, now }: KeyStoreDeps): KeyStore {
  const known = new Lru<Known>(200)
  let minute = 0
  let fetches = 0
  return {
    text: async (request) => {
      if (!isPinned(request)) return undefined
      const id = `${request.url} ${request.body ?? ''} ${JSON.stringify(request.headers ?? {})}`
      const cached = known.get(id)
      const age = cached === undefined ? Infinity : now() - cached.at
      const patience = cached?.text === undefined || request.again ? PATIENCE_MS : FRESH_MS
      if (age < patience) return cached?.text
      if (Math.floor(now() / 60_000) !== minute) {
        minute = Math.floor(now() / 60_000)
        fetches = 0
      }
      if (++fetches > FETCHES_PER_MINUTE) return cached?.text
      const text = await get(fetch, request)
      known.set(id, { text: text ?? cached?.text, at: now() })
      return text ?? cached?.text
    },
  }
}

/** https, the standard port or the other one that is known, a pinned host, no credentials. */
export function isPinned({ url, hosts, port: other }: PinnedHosts & { url: string }): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, port, hostname, username, password } = new URL(url)
  if (port !== '' && port !== String(other)) return false
  if (protocol !== 'https:' || username !== '' || password !== '') return false
  return hosts.some((host) => (typeof host === 'string' ? host === hostname : host.test(hostname)))
}

async function get(fetch: KeyStoreDeps['fetch'], request: KeyRequest): Promise<string | undefined> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  try {
    const response = await fetch(request.url, {
      redirect: 'manual',
      signal: abort.signal,
      ...(request.headers && { headers: request.headers }),
      ...(request.body !== undefined && { method: 'POST', body: request.body }),
    })
    if (response.status !== 200 || Number(response.headers.get('content-length') ?? 0) > ANSWER_CHARS_MAX) {
      await response.body?.cancel()
      return undefined
    }
    const text = await response.text()
    return text.length > ANSWER_CHARS_MAX ? undefined : text
  } catch {
    // A key host that cannot be reached is an expected failure; the verdict says so.
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
