import { z } from 'zod'
import type { TenantId } from './id.ts'

/** A JSON Schema: an object, or true and false. */
export const jsonSchemaSchema = z.union([z.boolean(), z.record(z.string(), z.unknown())])
export type JsonSchema = z.infer<typeof jsonSchemaSchema>

const VERSIONS_MAX = 20

export const eventTypeSettingsSchema = z.object({
  description: z.string().max(2000).default(''),
  /** By version, for example `1` or `2026-01-17`: what `data` must fit. */
  schemas: z
    .record(z.string().regex(/^[A-Za-z0-9][\w.-]{0,49}$/, 'a version such as 1.0'), jsonSchemaSchema)
    .default({})
    .refine((schemas) => Object.keys(schemas).length <= VERSIONS_MAX, `at most ${VERSIONS_MAX} versions`),
  /** An example of `data`; null: one is made from the newest schema. */
  sample: z.unknown().default(null),
})
export type EventTypeSettings = z.infer<typeof eventTypeSettingsSchema>

export interface EventType {
  tenantId: TenantId
  name: string
  settings: EventTypeSettings
  version: number
  /** Milliseconds. */
  createdAt: number
  updatedAt: number
}

/** The newest version: numbers in them compare as numbers, so 1.10 comes after 1.9. */
export function newestVersion(schemas: Record<string, unknown>): string | undefined {
  const order = new Intl.Collator('en', { numeric: true })
  return Object.keys(schemas)
    .sort((a, b) => order.compare(a, b))
    .at(-1)
}
