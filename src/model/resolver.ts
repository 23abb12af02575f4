import { z } from 'zod'
import { areAllowed, checkAddress, parseTarget, type Cidr, type TargetRefusal } from './address.ts'
import { remembered } from './remembered.ts'
import { err, ok, type Result } from './result.ts'

/** All addresses of a name; empty: it does not resolve; undefined: the resolver could not be asked. */
export type Resolve = (name: string) => Promise<string[] | undefined>

/** The URL of the answer belongs to all who asked for the same: it is to be read only. */
export type CheckTarget = (url: string) => Promise<Result<URL, TargetRefusal>>

/** How long an answer is believed within one isolate. A rebinding name changes faster, which the platform's own block must stop. */
const CACHE_MS = 60_000
const CACHE_NAMES_MAX = 500

/** The whole guard: how the target is spelled, then where its name leads. Applied at creation and again at each attempt. */
export function makeTargetCheck({
  allow,
  resolve,
}: {
  allow: readonly Cidr[]
  resolve: Resolve
}): CheckTarget {
  // Most endpoints have one URL for all their events.
  const parse = remembered(CACHE_NAMES_MAX, (text) => parseTarget(text, allow))
  return async (text) => {
    const target = parse(text)
    if (!target.ok) return target
    const { url, resolve: name } = target.value
    if (name === undefined) return ok(url)
    const addresses = await resolve(name)
    for (const address of addresses ?? []) {
      const checked = checkAddress(address, allow)
      if (!checked.ok) return checked
    }
    if (url.protocol === 'http:' && !areAllowed(addresses ?? [], allow)) {
      return err({ reason: 'bad_url', detail: 'Plain http is not delivered to. Use https.' })
    }
    return ok(url)
  }
}

interface ResolverDeps {
  fetch(url: string, init: RequestInit): Promise<Response>
  now(): number
}

/** Asks the local server's own resolver, which is a service binding. */
export function makeBindingResolver({ fetch, now }: ResolverDeps): Resolve {
  const schema = z.object({ addresses: z.array(z.string()) })
  return cached(now, async (name) => {
    const response = await fetch(`http://resolver/?name=${encodeURIComponent(name)}`, {})
    return schema.parse(await response.json()).addresses
  })
}

/** Asks DNS over HTTPS (RFC 8484's JSON sibling as 1.1.1.1 serves it) for A and AAAA. */
export function makeDnsResolver({ fetch, now }: ResolverDeps): Resolve {
  const schema = z.object({ Answer: z.array(z.object({ type: z.int(), data: z.string() })).optional() })
  const ask = async (name: string, type: 'A' | 'AAAA'): Promise<string[]> => {
    const url = `https://cloudflare-dns.com/dns-query?name=${encodeURIComponent(name)}&type=${type}`
    const response = await fetch(url, { headers: { accept: 'application/dns-json' } })
    const { Answer = [] } = schema.parse(await response.json())
    return Answer.filter((each) => each.type === (type === 'A' ? 1 : 28)).map((each) => each.data)
  }
  return cached(now, async (name) => (await Promise.all([ask(name, 'A'), ask(name, 'AAAA')])).flat())
}

/** A resolver that fails says nothing about the target: the answer is then undefined, and is not kept. */
function cached(now: () => number, resolve: (name: string) => Promise<string[]>): Resolve {
  const known = new Map<string, { addresses: string[]; until: number }>()
  return async (name) => {
    const entry = known.get(name)
    if (entry && entry.until > now()) return entry.addresses
    const addresses = await resolve(name).catch(() => undefined)
    if (addresses === undefined) return undefined
    if (known.size >= CACHE_NAMES_MAX) known.clear()
    known.set(name, { addresses, until: now() + CACHE_MS })
    return addresses
  }
}
