import { z } from 'zod'
import type { EndpointId, TenantId } from './id.ts'
import type { SealedSecret } from './seal.ts'

/** The longest a receiver may take; more than this is better done with an answer first and work after. */
export const TIMEOUT_MS_MAX = 30_000
/** Connections that may wait for response headers in one object (Cloudflare: 6 for one invocation). */
export const CONNECTIONS_MAX = 6

const headerName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not an HTTP header name')
const headerValue = z
  .string()
  .max(4000)
  .regex(/^[\t\x20-\x7e]*$/, 'visible ASCII only')

export const retrySchema = z
  .union([
    z.object({ preset: z.enum(['standard', 'crm', 'none']) }),
    z.object({
      /** Seconds to wait before each attempt; the first is normally 0. */
      scheduleSeconds: z.array(z.number().min(0).max(604_800)).min(1).max(100),
    }),
    z.object({
      strategy: z.enum(['exponential', 'linear']),
      initialSeconds: z.number().min(0).max(86_400).default(5),
      maxSeconds: z.number().min(1).max(604_800).default(86_400),
      attempts: z.int().min(1).max(100).default(10),
    }),
  ])
  .meta({ description: 'When to try again: a preset, an explicit schedule, or a strategy.' })
export type RetryPolicy = z.infer<typeof retrySchema>

export const signingSchema = z.object({ scheme: z.enum(['standard', 'sha256-hex', 'none']) })

/** What a caller may set on an endpoint. The signing secret travels beside it, since it is kept encrypted. */
export const endpointSettingsSchema = z.object({
  url: z.string().min(1).max(2048),
  method: z.enum(['POST', 'PUT', 'PATCH', 'GET', 'DELETE']).default('POST'),
  headers: z.record(headerName, headerValue).default({}),
  /** Null: `raw` for relayed events, `standard` for published ones. */
  payload: z.enum(['raw', 'envelope', 'standard']).nullable().default(null),
  signing: signingSchema.default({ scheme: 'standard' }),
  retry: retrySchema.default({ preset: 'standard' }),
  ordering: z.enum(['none', 'endpoint']).default('none'),
  rateLimit: z
    .object({
      limit: z.int().min(1).max(100_000),
      periodSeconds: z.int().min(1).max(86_400),
      burst: z.int().min(1).max(100_000).optional(),
    })
    .nullable()
    .default(null),
  concurrency: z.int().min(1).max(CONNECTIONS_MAX).default(CONNECTIONS_MAX),
  timeoutMs: z.int().min(100).max(TIMEOUT_MS_MAX).default(15_000),
  state: z.enum(['active', 'paused', 'disabled']).default('active'),
})

export type EndpointSettings = z.infer<typeof endpointSettingsSchema>

/** An endpoint as its object keeps it. `secrets` are sealed (see `model/seal.ts`), newest first. */
export interface Endpoint {
  id: EndpointId
  tenantId: TenantId
  settings: EndpointSettings
  /** Signing secrets; all that have not expired sign. */
  secrets: SealedSecret[]
  /** Grows with every change; the object keeps the highest it has seen. */
  version: number
  /** It was deleted: nothing is sent, and what waits is cancelled. */
  isRemoved?: boolean
}
