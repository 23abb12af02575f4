import { z } from 'zod'
import { batchFaults, batchSchema } from './batch.ts'
import { requestFaults, requestFields } from './delivery-request.ts'
import type { EndpointId, TenantId } from './id.ts'
import { maskingSchema } from './masking.ts'
import { placeSchema } from './place.ts'
import type { FieldError } from './problem.ts'
import type { SealedParts, SealedSecret } from './seal.ts'

/** The longest a receiver may take; more than this is better done with an answer first and work after. */
export const TIMEOUT_MS_MAX = 30_000
/** Connections that may wait for response headers in one object (Cloudflare: 6 for one invocation). */
export const CONNECTIONS_MAX = 6

/** An endpoint's objects at most, six connections each. */
export const CONCURRENCY_MAX = 300

/** When a failing receiver is left alone, and when it is given up. */
export const circuitSchema = z.object({
  /** Opens after this many failures in a row … */
  failures: z.int().min(1).max(1000).default(10),
  /** … that go on for at least this long. */
  failingSeconds: z.int().min(0).max(86_400).default(10),
  /** The first pause before a probe; it doubles with each probe that fails. */
  cooldownSeconds: z.int().min(1).max(86_400).default(30),
  cooldownSecondsMax: z.int().min(1).max(86_400).default(300),
  /** An endpoint that has failed for so long without one success is disabled, and its events are held. */
  disableAfterSeconds: z.int().min(60).max(2_592_000).default(432_000),
})

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

/** Seconds in which a consumer acknowledges a message; work that takes longer than the most is a job of its own. */
export const visibilitySchema = z.int().min(1).max(43_200)

/** What a caller may set on an endpoint. As it is stored, each secret in it is masked and sealed beside it. */
export const endpointSettingsSchema = z.object({
  /** `pull`: nothing is sent; a consumer fetches the messages and acknowledges them. It has no `url`. */
  mode: z.enum(['push', 'pull']).default('push'),
  ...requestFields,
  retry: retrySchema.default({ preset: 'standard' }),
  /** `key`: deliveries with the same ordering key arrive one after another; `endpoint`: all of them do. */
  ordering: z.enum(['none', 'key', 'endpoint']).default('none'),
  /** For `key`: a JSON pointer into the body (`/customer/id`) or `header:NAME`; null: the event's own ordering key. */
  orderingKey: placeSchema.nullable().default(null),
  /** What becomes of a key whose delivery has used up its retries: `skip` goes on with the next, `block` waits for a person. */
  onExhausted: z.enum(['skip', 'block']).default('skip'),
  rateLimit: z
    .object({
      limit: z.int().min(1).max(100_000),
      periodSeconds: z.int().min(1).max(86_400),
      burst: z.int().min(1).max(100_000).optional(),
    })
    .nullable()
    .default(null),
  /** At once. Above 6 the endpoint gets several objects, and its deliveries are spread over them by key or event. */
  concurrency: z.int().min(1).max(CONCURRENCY_MAX).default(CONNECTIONS_MAX),
  /** Fewer at once while the receiver answers 429 or 503, times out or gets slow. */
  adaptive: z.boolean().default(true),
  circuit: circuitSchema.prefault({}),
  /** How long after its receipt an event is delivered at the earliest. */
  delaySeconds: z.int().min(0).max(604_800).default(0),
  /** Several deliveries in one request; null: each has its own. */
  batch: batchSchema.nullable().default(null),
  /** How long a consumer that polls has a message to itself, unless it asks for another time. */
  visibilitySeconds: visibilitySchema.default(30),
  timeoutMs: z.int().min(100).max(TIMEOUT_MS_MAX).default(15_000),
  masking: maskingSchema.prefault({}),
  state: z.enum(['active', 'paused', 'disabled']).default('active'),
})

export type EndpointSettings = z.infer<typeof endpointSettingsSchema>

/** What no single field can see. */
export function endpointFaults(settings: EndpointSettings): FieldError[] {
  const { mode, url } = settings
  const faults = [...requestFaults(settings), ...batchFaults(settings)]
  if (mode === 'push' && url === '')
    faults.push({ path: 'url', message: 'is required, unless `mode` is pull' })
  if (mode === 'pull' && url !== '')
    faults.push({ path: 'url', message: 'must be empty where `mode` is pull' })
  return faults
}

/** An endpoint as its object keeps it. `secrets` are sealed (see `model/seal.ts`), newest first. */
export interface Endpoint {
  id: EndpointId
  tenantId: TenantId
  settings: EndpointSettings
  /** Signing secrets and key pairs; all that have not expired sign. */
  secrets: SealedSecret[]
  /** What `settings` shows as `***` (see `model/masked.ts`). */
  sealed?: SealedParts
  /** Of those the ones that are shared secrets, by the same path: their names. */
  references?: Record<string, string>
  /** Grows with every change; the object keeps the highest it has seen. */
  version: number
  /** The most objects it ever had. */
  shards?: number
  /** It was deleted: nothing is sent, and what waits is cancelled. */
  isRemoved?: boolean
}
