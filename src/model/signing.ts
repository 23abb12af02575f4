import { z } from 'zod'
import { ownHeaderName } from './header.ts'

const PLACEHOLDERS = /\{(id|timestamp|body|url|method)\}/g
const BARE_PLACEHOLDERS = /\{(id|timestamp)\}/g

function hasOnly(known: RegExp): (template: string) => boolean {
  return (template) => !/[{}]/.test(template.replaceAll(known, ''))
}

const contentSchema = z
  .string()
  .max(200)
  .refine(hasOnly(PLACEHOLDERS), 'knows {id}, {timestamp}, {body}, {url} and {method}')
  .refine((template) => template.split('{body}').length === 2, 'must hold {body} once')

/** A scheme of the receiver's own: an HMAC in a header of its choice. */
const customSchema = z.object({
  scheme: z.literal('custom'),
  header: ownHeaderName,
  digest: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
  /** Before the signature in the header: `sha256=`, or `t={timestamp},v1=`. */
  prefix: z
    .string()
    .max(100)
    .regex(/^[\x20-\x7e]*$/, 'visible ASCII only')
    .refine(hasOnly(BARE_PLACEHOLDERS), 'knows {id} and {timestamp}')
    .default(''),
  /** What is signed. */
  content: contentSchema.default('{body}'),
})

/**
 * How deliveries are signed: Standard Webhooks with a shared secret, the same and with a key pair, the hex digest of
 * the body, a scheme described here, or not at all.
 */
export const signingSchema = z.discriminatedUnion('scheme', [
  z.object({ scheme: z.literal('standard') }),
  z.object({ scheme: z.literal('standard-ed25519') }),
  z.object({ scheme: z.literal('sha256-hex') }),
  customSchema,
  z.object({ scheme: z.literal('none') }),
])

export type Signing = z.infer<typeof signingSchema>
export type CustomSigning = z.infer<typeof customSchema>

/** Splits a template into its text and its placeholders, which stand at the odd places. */
export function templateParts(template: string): string[] {
  return template.split(/\{(id|timestamp|body|url|method)\}/)
}
