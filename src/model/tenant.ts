import { z } from 'zod'
import type { TenantId } from './id.ts'
import { maskingSchema } from './masking.ts'

/** The tenant that always exists, and that the root token acts on unless told otherwise. */
export const DEFAULT_TENANT: TenantId = 'default'

/** A caller's own id of a resource; not of the form of one of ours, so that either can stand where one is meant. */
export const uidSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'letters, digits, and . _ : - inside, at most 100')
  .refine((uid) => !/^[a-z]{2,3}_[0-9A-HJKMNP-TV-Z]{26}$/.test(uid), 'must not look like an id of ours')

/** What the operator may set on a tenant. */
export const tenantSettingsSchema = z.object({
  tier: z.string().min(1).max(50).default('standard'),
  /** How many of each the tenant may have; null: no limit of its own. */
  quotas: z
    .object({
      sources: z.int().min(0).nullable().default(null),
      endpoints: z.int().min(0).nullable().default(null),
      /** Events received or published in a day (UTC). */
      eventsPerDay: z.int().min(0).nullable().default(null),
      /** Requests of one API token, to one isolate; null: 60,000. */
      requestsPerMinute: z.int().min(1).nullable().default(null),
    })
    .prefault({}),
  /** How long events and their logs are kept. */
  retentionDays: z.int().min(1).max(365).default(30),
  /** Holds for all its sources and endpoints, beside their own. */
  masking: maskingSchema.prefault({}),
})

export type TenantSettings = z.infer<typeof tenantSettingsSchema>

export interface Tenant {
  id: TenantId
  uid: string | null
  name: string
  settings: TenantSettings
  version: number
  /** Milliseconds. */
  createdAt: number
  updatedAt: number
}
