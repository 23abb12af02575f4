import type { z } from 'zod'
import type { Result } from '../model/result.ts'

/** One request to a provider's API. */
export interface Ask {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Under the base URL, with its query, encoded. */
  path: string
  json?: unknown
  form?: readonly (readonly [name: string, value: string])[]
}

export interface ProviderAnswer {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** The JSON of the body; undefined: it has none. */
  body: unknown
}

/** A hook as the provider shows it. */
export interface Hook {
  id: string
  url: string
  events: readonly string[]
  isActive: boolean
  /** Only in the answer to its creation, and only from providers that choose the secret. */
  secret?: string
  /** It signs with the secret, as far as the provider says. */
  isSigned?: boolean
  /** Where each event is a thing of its own at the provider: its id by event. */
  parts?: Readonly<Record<string, string>>
}

/** How a hook is to be. */
export interface Wanted {
  url: string
  name: string
  events: readonly string[]
  /** What the provider is to sign with; undefined: it is not told. */
  secret: string | undefined
}

/** The hooks of one target, in the words of the provider's API. All pure: questions out of settings, hooks out of answers. */
export interface HookApi {
  /** Asked first, for an access token (RFC 6749, section 4.4). */
  token?: Ask
  /** `token` is empty when none is asked for. */
  headers(token: string): Record<string, string>
  list(cursor: string | undefined): Ask
  page(answer: ProviderAnswer): { hooks: Hook[]; next?: string | undefined }
  /** For providers whose lists say less than is needed to change a hook. */
  read?(id: string): Ask
  create(wanted: Wanted): Ask
  /** The hook in the answer to `read`, `create` or `update`; undefined: it is not there. */
  hookIn(answer: ProviderAnswer): Hook | undefined
  /** Absent: a hook is what it was made as. */
  update?(hook: Hook, wanted: Wanted): Ask
  /** What else makes the hook what is wanted. */
  after?(hook: Hook, wanted: Wanted): Ask[]
  remove(id: string): Ask
}

/** Where the secret of a hook comes from. */
export type SecretOrigin =
  /** We give it to the provider. `make` writes a random text in the form that the scheme reads. */
  | { from: 'us'; make(random: string): string; suits(secret: string): boolean }
  /** It comes with the answer to the creation. */
  | { from: 'provider' }
  /** It is one of the credentials' fields, and the same for every hook. */
  | { from: 'credentials'; field: string }

interface Description {
  /** The slug of the provider whose sources can be registered. */
  provider: string
  name: string
  /** The provider's page on this API. */
  docs: string
  /** What the credentials must be allowed to, for an owner whom the provider refuses. */
  permission: string
  events: { schema: z.ZodType<string, string>; default: readonly string[]; max: number }
  /** The provider wants a hook for each event. */
  isHookForEach?: true
  secret: SecretOrigin
  /** The provider's own words for what was wrong; of an answer with a good status too, for APIs that refuse so. */
  faultIn(body: unknown): string | undefined
  /** Whether these words say that the hook is there already. */
  isTaken?: RegExp
}

type Fields = z.ZodType<Record<string, string | undefined>>

export interface Registration extends Description {
  credentials: Fields
  target: Fields
  /** Undefined: the installation is the owner's, who says where it is. */
  baseUrl(target: unknown): string | undefined
  api(given: { credentials: unknown; target: unknown }): HookApi
}

/** A provider whose hooks we can make, list and remove. `credentials` and `target` are parsed before `api` sees them. */
export function defineRegistration<C extends Fields, T extends Fields>(
  spec: Description & {
    credentials: C
    target: T
    /** Pinned, unless the owner names another. Absent: the owner must. */
    baseUrl?: string | ((target: z.output<T>) => string)
    api(credentials: z.output<C>, target: z.output<T>): HookApi
  },
): Registration {
  const { baseUrl } = spec
  return {
    ...spec,
    baseUrl: (target) => (typeof baseUrl === 'function' ? baseUrl(target as z.output<T>) : baseUrl),
    api: ({ credentials, target }) => spec.api(credentials as z.output<C>, target as z.output<T>),
  }
}

/** Sends one request and brings its answer, redirects included; an error says why there is none. */
export type Send = (url: string, init: RequestInit) => Promise<Result<SentAnswer, string>>

export interface SentAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
  /** The body was longer than is read. */
  isCut: boolean
}

/** Why a provider did not do what it was asked to. No text of it holds a credential or a secret. */
export type Failure =
  | { kind: 'refused'; status: number; message: string }
  | { kind: 'limited'; status: number; message: string; retryAfterSeconds: number }
  | { kind: 'unreachable'; message: string }
