import { z } from 'zod'
import { defineProvider } from './provider.ts'
import { configured } from './scheme/configured.ts'
import { jwt } from './scheme/jwt.ts'

const config = z.object({
  /** Carries the token. */
  header: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/)
    .transform((name) => name.toLowerCase())
    .default('authorization'),
  /** Whether `Bearer ` stands before it. */
  bearer: z.boolean().default(true),
  algorithm: z.enum(['HS256', 'HS384', 'HS512', 'RS256', 'ES256']).default('HS256'),
  issuer: z.string().min(1).optional(),
  audience: z.string().min(1).optional(),
  /** The claim with the hash of the body: without it the token vouches for the sender only. */
  bodyHash: z
    .object({
      claim: z.string().min(1).max(100),
      hash: z.enum(['sha1', 'sha256', 'sha384', 'sha512']).default('sha256'),
      encoding: z.enum(['hex', 'base64', 'base64url']).default('hex'),
    })
    .optional(),
  maxAgeSeconds: z.int().min(1).max(86_400).optional(),
})

export const genericJwt = defineProvider({
  slug: 'generic-jwt',
  name: 'Generic JSON Web Token',
  docs: 'https://datatracker.ietf.org/doc/html/rfc7519',
  evidence: 'documentation',
  secret: { label: 'Secret, or public key (PEM)', help: 'A key set goes into `config.keys.jwks`.' },
  config,
  scheme: configured(config, 'JWT as the source is configured', (own) =>
    jwt({
      header: own.header,
      algorithms: [own.algorithm],
      requireExpiry: true,
      claims: { ...(own.issuer && { iss: own.issuer }), ...(own.audience && { aud: own.audience }) },
      ...(own.bearer && { bearer: true }),
      ...(own.bodyHash && { bodyHash: own.bodyHash }),
      ...(own.maxAgeSeconds && { maxAgeSeconds: own.maxAgeSeconds }),
    }),
  ),
  event: { type: ['/type', '/event', '/event_type'], id: ['header:webhook-id', 'header:x-webhook-id'] },
})
