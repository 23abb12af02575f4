import { z } from 'zod'
import type { EventFacts, Fact, Provider } from './provider.ts'

const factSchema = z
  .string()
  .max(500)
  .regex(
    /^(header:.+|query:.+|form:.+|root:\/.*|\/.+|.*\{.+\}.*)$/,
    'header:NAME, query:NAME, form:NAME, a JSON pointer, or a text with those in braces',
  )
  .transform((fact) => fact as Fact)
const factsSchema = z.union([factSchema, z.array(factSchema).max(10)]).optional()

/** What a source may say in `config` about any provider: how to read events, and the window for signed times. */
export const commonConfigSchema = z.object({
  event: z
    .object({
      type: factsSchema,
      id: factsSchema,
      entityType: factsSchema,
      entityId: factsSchema,
      occurredAt: factsSchema,
    })
    .optional(),
  /** Overrides the provider's own window, where it signs a time. */
  toleranceSeconds: z.int().min(1).max(604_800).optional(),
  /** `whole` keeps a request with many events in one piece; a JSON pointer says where the array of events is. */
  batch: z.union([z.literal('whole'), z.literal(''), z.string().regex(/^\/.+$/)]).optional(),
  /** Key material given instead of fetched, under the provider's own names (`publicKeyPem`, `jwks`, …). */
  keys: z.record(z.string(), z.unknown()).optional(),
})

const merged = new WeakMap<object, { provider: Provider | undefined; facts: EventFacts }>()

/** The provider's facts with the source's own in their place. Built once for each config object. */
export function eventFactsOf(provider: Provider | undefined, config: Record<string, unknown>): EventFacts {
  const known = merged.get(config)
  if (known !== undefined && known.provider === provider) return known.facts
  const own = commonConfigSchema.safeParse(config)
  const facts: EventFacts = { ...provider?.event }
  if (own.success) {
    const { batch } = own.data
    if (batch === 'whole') facts.isWhole = true
    else if (batch !== undefined) facts.batch = batch as '' | `/${string}`
    for (const [name, value] of Object.entries(own.data.event ?? {})) {
      if (value !== undefined) Object.assign(facts, { [name]: value })
    }
  }
  merged.set(config, { provider, facts })
  return facts
}
