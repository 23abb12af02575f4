import { z } from 'zod'
import { defineProvider } from './provider.ts'
import { configured } from './scheme/configured.ts'
import { hmac } from './scheme/hmac.ts'
import { templateFault } from './scheme/template.ts'

const header = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/)
  .transform((name) => name.toLowerCase())

/** Everything about an HMAC scheme that can differ, with the commonest choice as the default. */
const config = z.object({
  /** Carries the signature. */
  header: header.default('x-signature'),
  hash: z.enum(['sha1', 'sha256', 'sha384', 'sha512']).default('sha256'),
  encoding: z.enum(['hex', 'base64', 'base64url']).default('hex'),
  /** Before the signature, for example `sha256=`. */
  prefix: z.string().max(50).default(''),
  /** Between several signatures in the header. */
  separator: z.string().min(1).max(3).optional(),
  /** For headers such as `t=1,v1=ab`: the names of the fields. */
  fields: z
    .object({ timestamp: z.string().max(50).optional(), signature: z.string().min(1).max(50) })
    .optional(),
  /** What is signed, with placeholders: `{body} {ts} {id} {url} {method} {path} {header:x} {json:a.b} {form:x} {config:x}`. */
  content: z
    .string()
    .max(500)
    .default('{body}')
    .check((ctx) => {
      const fault = templateFault(ctx.value)
      if (fault !== undefined) ctx.issues.push({ code: 'custom', message: fault, input: ctx.value })
    }),
  /** Without it nothing stops a replay of a signed request. */
  timestamp: z
    .object({
      header: header.optional(),
      unit: z.enum(['s', 'ms', 'auto', 'iso', 'rfc1123', 'opaque']).default('s'),
      toleranceSeconds: z.int().min(1).max(86_400).default(300),
    })
    .optional(),
  /** The header of the message id, when the content has `{id}`. */
  idHeader: header.optional(),
  key: z
    .object({
      encoding: z.enum(['utf8', 'base64', 'hex']).default('utf8'),
      stripPrefix: z.string().max(50).default(''),
    })
    .prefault({}),
})

export const genericHmac = defineProvider({
  slug: 'generic-hmac',
  name: 'Generic HMAC',
  docs: 'https://datatracker.ietf.org/doc/html/rfc2104',
  evidence: 'documentation',
  secret: { label: 'Secret' },
  config,
  scheme: configured(config, 'HMAC as the source is configured', (own) => {
    const { fields, separator, timestamp } = own
    return hmac({
      header: own.header,
      hash: own.hash,
      encoding: own.encoding === 'hex' ? 'hex-any' : own.encoding,
      prefix: own.prefix,
      signed: own.content,
      key: own.key,
      ...(fields && {
        format: { ...pairs(fields.timestamp), pairs: separator ?? ',', signature: fields.signature },
      }),
      ...(separator && !fields && { format: { list: separator } }),
      ...(own.idHeader && { id: own.idHeader }),
      ...(timestamp && {
        timestamp: {
          ...(timestamp.header && { header: timestamp.header }),
          unit: timestamp.unit,
          toleranceSeconds: timestamp.toleranceSeconds,
        },
      }),
    })
  }),
  event: { type: ['/type', '/event', '/event_type'], id: ['header:webhook-id', 'header:x-webhook-id'] },
})

function pairs(timestamp: string | undefined): { timestamp?: string } {
  return timestamp === undefined ? {} : { timestamp }
}
