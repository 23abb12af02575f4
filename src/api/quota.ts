import { hasRoom } from '../db/tenants.ts'
import type { TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import type { TenantSettings } from '../model/tenant.ts'

/** Throws `quota_exceeded` when the tenant may not have one more of the kind. */
export async function requireRoom(
  db: D1Database,
  tenantId: TenantId,
  kind: keyof TenantSettings['quotas'],
): Promise<void> {
  if (await hasRoom(db, tenantId, kind)) return
  throw new ProblemError('quota_exceeded', `The tenant has as many ${kind} as its quota permits.`)
}
