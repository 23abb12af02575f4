import { z } from 'zod'
import { headerValue, ownHeaderName } from './header.ts'
import { MASK } from './seal.ts'

/** What stands in a header or a form and must not break it. */
const credential = headerValue.min(1)
/** A PEM key or a shared secret. */
const keyText = z
  .string()
  .max(10_000)
  .refine((key) => key === MASK || key.length >= 16, 'must have at least 16 characters')

const apiKeySchema = z.object({
  type: z.literal('apiKey'),
  in: z.enum(['header', 'query']).default('header'),
  /** Of the header or of the query parameter. */
  name: ownHeaderName,
  value: credential,
})

/** OAuth 2 client credentials (RFC 6749 4.4). */
const oauth2Schema = z.object({
  type: z.literal('oauth2'),
  /** Checked like a target, here and before each use. */
  tokenUrl: z.string().min(1).max(2048),
  clientId: credential,
  clientSecret: credential,
  scope: z.string().max(1000).optional(),
  audience: z.string().max(1000).optional(),
  /** Where the client names itself: the `Authorization` header, which each server must take, or the form. */
  clientAuth: z.enum(['basic', 'body']).default('basic'),
})

const jwtSchema = z.object({
  type: z.literal('jwt'),
  alg: z.enum(['HS256', 'RS256', 'ES256']),
  /** HS256: the shared secret; else the private key, PKCS #8 in PEM. */
  key: keyText,
  keyId: z.string().max(200).optional(),
  /** Beside `iat` and `exp`, which are set for each attempt. */
  claims: z.record(z.string().max(100), z.unknown()).default({}),
  ttlSeconds: z.int().min(10).max(86_400).default(300),
})

const awsSigv4Schema = z.object({
  type: z.literal('awsSigv4'),
  accessKeyId: credential,
  secretAccessKey: credential,
  region: z.string().regex(/^[a-z0-9-]{1,50}$/, 'an AWS region such as eu-central-1'),
  service: z.string().regex(/^[a-z0-9-]{1,50}$/, 'an AWS service such as execute-api'),
  sessionToken: credential.optional(),
})

/** How a delivery proves to its receiver's gateway who sends it; beside the signature, which proves what was sent. */
export const authSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('none') }),
  z.object({
    type: z.literal('basic'),
    username: z
      .string()
      .max(500)
      .regex(/^[^:\p{Cc}]*$/u, 'may hold no colon (RFC 7617)'),
    password: z.string().min(1).max(4000),
  }),
  z.object({ type: z.literal('bearer'), token: credential }),
  apiKeySchema,
  oauth2Schema,
  jwtSchema,
  awsSigv4Schema,
])

export type Auth = z.infer<typeof authSchema>
export type Oauth2 = Extract<Auth, { type: 'oauth2' }>

/** Which fields are kept sealed and never shown. */
export const AUTH_SECRETS: Record<Auth['type'], readonly string[]> = {
  none: [],
  basic: ['password'],
  bearer: ['token'],
  apiKey: ['value'],
  oauth2: ['clientSecret'],
  jwt: ['key'],
  awsSigv4: ['secretAccessKey', 'sessionToken'],
}
