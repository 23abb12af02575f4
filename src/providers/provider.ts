import type { z } from 'zod'
import type { Handshake } from './scheme/handshake.ts'
import type { Place } from './scheme/place.ts'
import type { Inbound, Scheme } from './scheme/scheme.ts'

/**
 * Where a fact about an event stands: a place in the request, or a text with places in braces
 * (`{header:x-github-event}.{/action}`). Of several, the first whose places are all there counts.
 * In a batch, `/…` points into the item and `root:/…` into the whole document. `=text` is the text itself, and
 * `oneOf:a,b` the first of these members that the item has.
 */
export type Fact =
  | Place
  | `root:/${string}`
  | `=${string}`
  | `oneOf:${string}`
  | `${string}{${string}}${string}`

/** How an event is read out of a request. What is missing is left out; only the type always has a value. */
export interface EventFacts {
  type?: Fact | readonly Fact[]
  /** The type when none is found; `<slug>.event` if not given. */
  typeDefault?: string
  /** The provider's own id of the delivery or event, by which duplicates are known. */
  id?: Fact | readonly Fact[]
  entityType?: Fact | readonly Fact[]
  entityId?: Fact | readonly Fact[]
  /** ISO 8601, or seconds or milliseconds since the epoch. */
  occurredAt?: Fact | readonly Fact[]
  /** What changed, kept in the event's metadata as `changes`. */
  changes?: `/${string}`
  /** The array whose items are events of their own; `''` when the whole document is that array. */
  batch?: '' | `/${string}`
  /** Batches stay in one piece, lines of JSON too. */
  isWhole?: boolean
}

/** How well the scheme is known: the official SDK was run, documentation or working code was read, or nothing. */
export type Evidence = 'sdk' | 'documentation' | 'code' | 'unverified'

export interface Provider {
  /** Kebab case; what a source names. */
  slug: string
  name: string
  /** The provider's own page on webhooks or their signatures; every verified provider has one. */
  docs?: string
  evidence: Evidence
  /** What the owner pastes into the dashboard; absent when there is nothing to paste. The pattern is for a warning only. */
  secret?: {
    label: string
    pattern?: RegExp
    help?: string
    /** The provider chooses it and hands it over in a handshake: none is generated for a new source. */
    handedOver?: true
  }
  /** Settings of the provider in `source.settings.config`. */
  config?: z.ZodType
  /** Absent: the provider signs nothing and offers no token. */
  scheme?: Scheme
  /** The document with what is encrypted to the owner in clear; undefined when nothing is, or it cannot be opened. */
  opens?: (inbound: Pick<Inbound, 'request' | 'config'>) => Promise<unknown>
  event: EventFacts
  /** Requests that are answered and never become events; the first that fits is answered. */
  handshakes?: readonly Handshake[]
  /** The answer to an accepted event, for providers that want a certain one. */
  answer?: { status?: number; contentType?: string; body?: string }
  /** What an owner should know, in a sentence or two. */
  notes?: string
}

export function defineProvider(provider: Provider): Provider {
  return provider
}
