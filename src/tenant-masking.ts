import { getTenant } from './db/tenants.ts'
import { systemClock } from './model/clock.ts'
import type { TenantId } from './model/id.ts'
import { mergeMasking, type Masking } from './model/masking.ts'

/** As long as an isolate believes what it knows of a source. */
const KNOWN_MS = 10_000
const TENANTS_MAX = 1_000

const known = new Map<TenantId, { masking: Masking | undefined; until: number }>()

/** The tenant's rules for what it publishes. Without a database those that were known: events must not wait for it. */
export async function tenantMasking(env: Env, tenantId: TenantId): Promise<Masking | undefined> {
  const now = systemClock.now()
  const found = known.get(tenantId)
  if (found && found.until > now) return found.masking
  const tenant = await getTenant(env.DB, { id: tenantId }).catch(() => undefined)
  const masking = tenant ? mergeMasking(tenant.settings.masking) : found?.masking
  if (known.size >= TENANTS_MAX) known.clear()
  known.set(tenantId, { masking, until: now + KNOWN_MS })
  return masking
}
