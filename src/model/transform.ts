import { z } from 'zod'

/** A template or an expression is read by people; what is longer belongs into a service of its own. */
const SOURCE_CHARS_MAX = 32_768
export const STEPS_MAX = 10
export const LOOKUP_TIMEOUT_MS_MAX = 5_000

const place = z.string().min(1).max(300)
const template = z.string().max(SOURCE_CHARS_MAX)

/** Ours, or of one connection: a transformation may not set them. */
const RESERVED =
  /^(host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|content-length|webhook-.*|hookway-.*|cf-.*)$/

const headerName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not an HTTP header name')
  .refine((name) => !isReservedHeader(name), 'is a header that Hookway sets itself')

export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name.toLowerCase())
}

export const methodSchema = z.enum(['POST', 'PUT', 'PATCH', 'GET', 'DELETE'])

/** Keeps the named fields of the body, each at its place. */
const selectStep = z.object({ kind: z.literal('select'), fields: z.array(place).min(1).max(200) })

/** Puts constants into the body; a text with `{{` is a Liquid template, for example of `{{ geo.country }}`. */
const setStep = z.object({ kind: z.literal('set'), values: z.record(place, z.unknown()) })

/** Changes the request around the body; texts are Liquid templates. Null removes a header. */
const requestStep = z.object({
  kind: z.literal('request'),
  method: methodSchema.optional(),
  path: template.optional(),
  type: template.optional(),
  headers: z.record(headerName, template.nullable()).optional(),
})

/** Drops the event when the filter holds for what the steps before have made of it. */
const dropStep = z.object({ kind: z.literal('drop'), when: z.unknown() })

const liquidStep = z.object({
  kind: z.literal('liquid'),
  body: template,
  contentType: z.string().min(1).max(200).default('application/json'),
})

const jsonataStep = z.object({
  kind: z.literal('jsonata'),
  expression: z.string().min(1).max(SOURCE_CHARS_MAX),
  /** `event`: the result is an object of what is to change (`body headers method path type`), or null to drop. */
  result: z.enum(['body', 'event']).default('body'),
})

/** A module whose default export takes the event and answers what is to change, or null to drop it. */
const javascriptStep = z.object({
  kind: z.literal('javascript'),
  code: z.string().min(1).max(SOURCE_CHARS_MAX),
})

/** What a lookup table of the tenant has under the value of `key`. */
const lookupStep = z.object({
  kind: z.literal('lookup'),
  table: z.string().min(1).max(100),
  key: place,
  into: place,
  /** When there is no such entry; absent: the body stays as it is. */
  default: z.unknown().optional(),
})

/** What a GET of the URL answers, as JSON. */
const fetchStep = z.object({
  kind: z.literal('fetch'),
  url: z.string().min(1).max(2048),
  headers: z.record(headerName, z.string().max(4000)).default({}),
  into: place,
  cacheSeconds: z.int().min(0).max(86_400).default(300),
  timeoutMs: z.int().min(100).max(LOOKUP_TIMEOUT_MS_MAX).default(2_000),
  /** `hold` keeps the event and tries again; `skip` goes on without it. */
  onError: z.enum(['hold', 'skip']).default('hold'),
})

export const stepSchema = z.discriminatedUnion('kind', [
  selectStep,
  setStep,
  requestStep,
  dropStep,
  liquidStep,
  jsonataStep,
  javascriptStep,
  lookupStep,
  fetchStep,
])

export const transformSchema = z
  .object({ steps: z.array(stepSchema).min(1).max(STEPS_MAX) })
  .meta({ description: 'Steps in their order; see docs/transformations.md.' })

export type TransformStep = z.infer<typeof stepSchema>
export type Transform = z.infer<typeof transformSchema>
