import { z } from 'zod'
import { retryOnSchema, successSchema } from './answer.ts'
import { authSchema } from './auth.ts'
import { encryptionSchema } from './encryption.ts'
import { headerValue, ownHeaderName } from './header.ts'
import type { FieldError } from './problem.ts'
import { signingSchema } from './signing.ts'
import { urlTemplateSchema } from './url-template.ts'

/** More headers or parameters than this are no setting but a payload. */
const PAIRS_MAX = 50

function fewEnough(pairs: Record<string, string>): boolean {
  return Object.keys(pairs).length <= PAIRS_MAX
}

/** The settings of an endpoint that make its requests and judge the answers. */
export const requestFields = {
  /** Where a push endpoint is sent to; a pull endpoint has none. */
  url: z.union([urlTemplateSchema, z.literal('')]).default(''),
  method: z.enum(['POST', 'PUT', 'PATCH', 'GET', 'DELETE']).default('POST'),
  headers: z.record(ownHeaderName, headerValue).refine(fewEnough, `at most ${PAIRS_MAX}`).default({}),
  /** Added to the query of the URL. */
  query: z
    .record(z.string().min(1).max(200), z.string().max(2000))
    .refine(fewEnough, `at most ${PAIRS_MAX}`)
    .default({}),
  /** Whether what followed the source's URL, path and query, follows this URL as well. */
  forwardPath: z.boolean().default(false),
  /** Null: `raw` for relayed events, `standard` for published ones and wherever `contentType` is set. */
  payload: z.enum(['raw', 'envelope', 'standard']).nullable().default(null),
  /** Of a payload that is not raw; null: JSON. The last two are CloudEvents, in structured and in binary mode. */
  contentType: z
    .enum([
      'application/json',
      'application/x-ndjson',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/cloudevents+json',
      'cloudevents-binary',
    ])
    .nullable()
    .default(null),
  compression: z.enum(['gzip']).nullable().default(null),
  encryption: encryptionSchema.nullable().default(null),
  auth: authSchema.default({ type: 'none' }),
  signing: signingSchema.default({ scheme: 'standard' }),
  success: successSchema.prefault({}),
  retryOn: retryOnSchema,
}

export type RequestSettings = z.infer<z.ZodObject<typeof requestFields>>

/** What no single field can see. */
export function requestFaults({ payload, contentType }: RequestSettings): FieldError[] {
  if (payload !== 'raw' || contentType === null) return []
  return [{ path: 'contentType', message: 'a raw payload keeps its own content type' }]
}
