import { z } from 'zod'
import type { Inbound } from './scheme.ts'

/** Key material that an owner gives instead of letting it be fetched, under the names that providers use. */
const materialSchema = z.object({
  publicKeyPem: z.string().optional(),
  alipayPublicKeyPem: z.string().optional(),
  publicKeyHex: z.string().optional(),
  publicKeySpkiBase64: z.string().optional(),
  publicKeyBase64: z.string().optional(),
  publicKey: z.string().optional(),
  certificatePem: z.string().optional(),
  jwk: z.record(z.string(), z.unknown()).optional(),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(100) }).optional(),
})

export interface KeyMaterial {
  /** Public keys or certificates as text. */
  texts: string[]
  jwks: Record<string, unknown>[]
}

export function keyMaterial({ config }: Pick<Inbound, 'config'>): KeyMaterial {
  const parsed = materialSchema.safeParse(config['keys'] ?? {})
  if (!parsed.success) return { texts: [], jwks: [] }
  const { jwk, jwks, ...texts } = parsed.data
  return {
    texts: Object.values(texts).filter((text) => typeof text === 'string' && text !== '') as string[],
    jwks: [...(jwk ? [jwk] : []), ...(jwks?.keys ?? [])],
  }
}
