import { z } from 'zod'

/** Private members of RFC 7518 6.2.2 and 6.3.2, and the symmetric key of 6.4.1. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const jwkSchema = z
  .record(z.string(), z.unknown())
  .refine((jwk) => JSON.stringify(jwk).length <= 5000, 'is too long')
  .refine((jwk) => PRIVATE_MEMBERS.every((name) => !Object.hasOwn(jwk, name)), 'must be a public key')
  .refine((jwk) => ['RSA', 'EC', 'OKP'].some((kty) => kty === jwk['kty']), 'must be an RSA, EC or OKP key')

const pemSchema = z
  .string()
  .max(5000)
  .regex(
    /^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/,
    'not a public key in PEM',
  )

const algorithms = {
  alg: z.enum(['RSA-OAEP-256', 'RSA-OAEP', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']),
  enc: z.enum(['A256GCM', 'A128GCM', 'A128CBC-HS256', 'A256CBC-HS512']).default('A256GCM'),
}

/** The receiver's public key: bodies are then sent as compact JWE (RFC 7516), which only the receiver can read. */
export const encryptionSchema = z.union([
  z.object({ jwk: jwkSchema, ...algorithms }),
  z.object({ pem: pemSchema, ...algorithms }),
])

export type Encryption = z.infer<typeof encryptionSchema>
