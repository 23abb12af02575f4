import { roomOf } from '../db/tenants.ts'
import type { TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { WARNING_SHARE } from '../model/usage.ts'
import type { ApiDeps } from './deps.ts'

/** Throws `quota_exceeded` when the tenant may not have one more of the kind, and warns it when that is near. */
export async function requireRoom(
  { db, tell }: Pick<ApiDeps, 'db' | 'tell'>,
  tenantId: TenantId,
  kind: 'sources' | 'endpoints',
): Promise<void> {
  const room = await roomOf(db, tenantId, kind)
  if (room === null) return
  const { limit, used } = room
  if (used >= limit) {
    throw new ProblemError('quota_exceeded', `The tenant has as many ${kind} as its quota permits.`)
  }
  if (used + 1 < limit * WARNING_SHARE) return
  const data = { quota: kind, limit, used: used + 1 }
  // The resource is made, whether or not anybody can be told.
  await tell(tenantId, { type: 'api.quota_warning', key: kind, data }).catch(() => undefined)
}
