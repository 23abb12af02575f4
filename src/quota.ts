import { receivedSince } from './db/metrics.ts'
import { getTenant } from './db/tenants.ts'
import { isoTime, systemClock } from './model/clock.ts'
import type { TenantId } from './model/id.ts'
import { ProblemError } from './model/problem.ts'
import { Usage, type UsageDeps } from './model/usage.ts'
import { tell } from './publish.ts'

const usage = new Usage()

/** Throws `quota_exceeded` when the tenant has had its events of today. */
export function requireEvents(tenantId: TenantId, count: number): void {
  const seconds = usage.take(tenantId, { count, now: systemClock.now() })
  if (seconds === undefined) return
  throw new ProblemError('quota_exceeded', 'The tenant has had as many events today as its quota permits.', {
    headers: { 'retry-after': String(seconds) },
  })
}

/** Learns what the tenant has had, if that is not known. */
export function refreshUsage(env: Env, tenantId: TenantId): Promise<void> {
  return usage.refresh(tenantId, systemClock.now(), usageDeps(env))
}

function usageDeps(env: Env): UsageDeps {
  return {
    eventsPerDay: async (tenantId) =>
      (await getTenant(env.DB, { id: tenantId }))?.settings.quotas.eventsPerDay ?? null,
    receivedSince: (tenantId, from) => receivedSince(env.LOG_DB, tenantId, from),
    warn: (tenantId, { limit, used, day }) =>
      tell(env, tenantId, {
        type: 'api.quota_warning',
        key: `eventsPerDay ${day}`,
        data: { quota: 'eventsPerDay', limit, used, day: isoTime(day) },
      }),
  }
}
