import { z } from 'zod'
import { isNetwork } from './address.ts'
import { idSchema, type SourceId, type TenantId } from './id.ts'
import { maskingSchema, type Masking } from './masking.ts'

/** The largest body a source accepts; Cloudflare itself would carry 100 MB on every plan. */
export const BODY_BYTES_MAX = 25 * 1024 * 1024
/** Duplicates are remembered this long unless the source says otherwise. */
export const DEDUPE_WINDOW_SECONDS = 86_400

/** Most providers give up before that, and whoever waits holds an object awake. */
const SYNC_MS_MAX = 25_000

const headerName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not an HTTP header name')

const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'may hold printable ASCII only')

/** The length and the connection are not an owner's to say. */
const answerHeader = headerName.refine(
  (name) => !/^(content-length|content-encoding|transfer-encoding|connection|upgrade|trailer)$/i.test(name),
  'is set by the server',
)

const network = z.string().max(50).refine(isNetwork, 'an IP address or a network such as 192.0.2.0/24')

/** What a caller may set on a source. Secrets travel beside the settings, since they are kept encrypted. */
export const sourceSettingsSchema = z.object({
  /** Provider-specific settings, and `publicUrl`-like facts that some schemes sign over. */
  config: z.record(z.string(), z.unknown()).default({}),
  verification: z.enum(['required', 'optional', 'off']).default('required'),
  allowedMethods: z
    .array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']))
    .min(1)
    .optional(),
  ipAllow: z.array(network).max(500).default([]),
  ipDeny: z.array(network).max(500).default([]),
  hidden: z
    .object({ header: headerName, value: z.string().min(1).max(200) })
    .nullable()
    .default(null),
  rateLimit: z
    .object({ limit: z.int().min(1).max(1_000_000), periodSeconds: z.int().min(1).max(86_400) })
    .nullable()
    .default(null),
  dedupe: z
    .object({
      /** `auto`: the provider's delivery id, else the content. Else a header (`header:x-id`), a JSON pointer (`body:/id`) or nothing. */
      by: z
        .string()
        .regex(
          /^(auto|none|content|header:.+|body:\/.+)$/,
          'auto, none, content, header:NAME or body:/POINTER',
        )
        .default('auto'),
      windowSeconds: z.int().min(1).max(604_800).default(DEDUPE_WINDOW_SECONDS),
    })
    .prefault({}),
  /** Keeps the order of acknowledgement from ingestion on, at the price of one object for the whole source. */
  ordering: z.boolean().default(false),
  /** A JSON pointer into the body (`/customer/id`) or `header:NAME`: the key under which order matters. */
  orderingKey: z.string().max(200).nullable().default(null),
  response: z
    .object({
      /** `sync`: the sender waits for the endpoint's own answer, and gets what follows when there is none in time. */
      mode: z.enum(['immediate', 'sync']).default('immediate'),
      /** Whose answer; null: that of the endpoint whose subscription is the oldest of those that take the event. */
      endpointId: idSchema('ep').nullable().default(null),
      /** From the receipt of the request. */
      timeoutMs: z.int().min(100).max(SYNC_MS_MAX).default(10_000),
      status: z.int().min(200).max(299).default(200),
      contentType: headerValue.max(100).default('application/json'),
      body: z.string().max(10_000).optional(),
      headers: z.record(answerHeader, headerValue.max(1000)).default({}),
    })
    .nullable()
    .default(null),
  schema: z
    .object({ mode: z.enum(['reject', 'warn']), jsonSchema: z.record(z.string(), z.unknown()) })
    .nullable()
    .default(null),
  /** The URL that the provider was given, when it is not ours (a proxy, a custom domain). */
  publicUrl: z.url().nullable().default(null),
  masking: maskingSchema.prefault({}),
  state: z.enum(['active', 'paused']).default('active'),
})

/** Where a source's settings show `***` for what is sealed beside them. */
export const HIDDEN_VALUE = 'hidden.value'

export type SourceSettings = z.infer<typeof sourceSettingsSchema>

/** A source as the data path sees it: settings parsed, secrets decrypted. Never serialise it to a caller. */
export interface Source {
  id: SourceId
  tenantId: TenantId
  name: string
  provider: string
  /** Live secrets, newest first. */
  secrets: string[]
  settings: SourceSettings
  /** The rules of the source and of its tenant; absent: there are none. */
  masking?: Masking | undefined
  /** Grows with every change. */
  version: number
}

/** What a request may carry that is nobody's business but ours and its sender's. */
export function secretsOf({ secrets, settings: { hidden } }: Pick<Source, 'secrets' | 'settings'>): string[] {
  return [...secrets, hidden?.value ?? ''].filter((secret) => secret !== '')
}

/** A source of the same tenant and provider, perhaps the source itself, with all its secrets, those that ended too. */
export interface Sibling {
  id: SourceId
  name: string
  secrets: string[]
}
