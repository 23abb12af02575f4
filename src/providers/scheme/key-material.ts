import { z } from 'zod'
import type { Inbound } from './scheme.ts'

/** Key material that an owner gives instead of letting it be fetched: JWKs, and keys under the names that providers use. */
const materialSchema = z.object({
  jwk: z.record(z.string(), z.unknown()).optional(),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(100) }).optional(),
})

export interface KeyMaterial {
  /** Public keys or certificates as text. */
  texts: string[]
  jwks: Record<string, unknown>[]
}

export function keyMaterial({ config }: Pick<Inbound, 'config'>): KeyMaterial {
  const given = config['keys']
  if (typeof given !== 'object' || given === null) return { texts: [], jwks: [] }
  const parsed = materialSchema.safeParse(given)
  const { jwk, jwks } = parsed.success ? parsed.data : {}
  return {
    texts: Object.entries(given).flatMap(([name, value]) => (isPublicKey(name, value) ? [value] : [])),
    jwks: [...(jwk ? [jwk] : []), ...(jwks?.keys ?? [])],
  }
}

/** `publicKeyPem`, `certificatePem`, `publicKeyHex` and the like; a private key has no business here. */
function isPublicKey(name: string, value: unknown): value is string {
  return typeof value === 'string' && value !== '' && /public|certificate/i.test(name)
}
