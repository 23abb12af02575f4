import type { TenantId } from '../model/id.ts'

/** Tenants looked at in one run; most have nothing that is due. */
const TENANTS_MAX = 100
const DAY_MS = 86_400_000

/** What expiry needs of the rest. Times in milliseconds. */
export interface ExpireDeps {
  now(): number
  pageRetentions(
    after: string | undefined,
    limit: number,
  ): Promise<{ tenantId: TenantId; retentionDays: number }[]>
  /** Removes a bounded number of logs of before `before`; answers how many. */
  expireLogs(tenantId: TenantId, before: number): Promise<number>
  /** Sums an old day of the tenant's counters, if one is due. */
  rollUpDay(due: { tenantId: TenantId; before: number; now: number }): Promise<boolean>
  /** Removes some of the idempotency keys that have ended; answers where the next run goes on. */
  expireKeys(page: { after: string | undefined; now: number }): Promise<{ next: string | undefined }>
  loadCursor(list: string): Promise<string | undefined>
  saveCursor(list: string, cursor: string | undefined): Promise<void>
}

/**
 * Removes what is past its retention, some at each run. A tenant with more than one run removes gets its next share
 * when its turn comes again, so that no tenant's backlog keeps the others from theirs.
 */
export async function expire(deps: ExpireDeps): Promise<{ removed: number }> {
  const now = deps.now()
  const keys = await deps.expireKeys({ after: await deps.loadCursor('keys'), now })
  await deps.saveCursor('keys', keys.next)
  const tenants = await deps.pageRetentions(await deps.loadCursor('retention'), TENANTS_MAX)
  let removed = 0
  for (const { tenantId, retentionDays } of tenants) {
    const before = now - retentionDays * DAY_MS
    removed += await deps.expireLogs(tenantId, before)
    await deps.rollUpDay({ tenantId, before, now })
  }
  await deps.saveCursor('retention', tenants.length < TENANTS_MAX ? undefined : tenants.at(-1)?.tenantId)
  return { removed }
}
