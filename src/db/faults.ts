import { z } from 'zod'
import { idSchema, type SubscriptionId, type TenantId } from '../model/id.ts'
import type { Fault } from '../model/subscription.ts'

const faultSchema = z.object({
  error: z.string(),
  eventId: idSchema('evt').nullable(),
  at: z.number(),
  isReleasing: z.boolean().default(false),
})

export function parseFault(json: string | null): Fault | null {
  return json === null ? null : faultSchema.parse(JSON.parse(json))
}

const BUMP_SQL = 'UPDATE tenants SET routing_version = routing_version + 1 WHERE id = ?1'

/** Only what runs in this version of the rule can prove it faulty. */
const MARK_SQL = `UPDATE subscriptions SET fault = ?1
  WHERE id = ?2 AND tenant_id = ?3 AND version = ?4 AND (fault IS NULL OR fault ->> 'isReleasing')`

export async function markFaulty(
  db: D1Database,
  { id, tenantId, version }: { id: SubscriptionId; tenantId: TenantId; version: number },
  fault: Fault,
): Promise<void> {
  await db.batch([
    db.prepare(MARK_SQL).bind(JSON.stringify(fault), id, tenantId, version),
    db.prepare(BUMP_SQL).bind(tenantId),
  ])
}

/** What was held is routed: the subscription is as any other. */
export async function clearFault(
  db: D1Database,
  { tenantId, id }: { tenantId: TenantId; id: SubscriptionId },
): Promise<void> {
  const clear = `UPDATE subscriptions SET fault = NULL WHERE id = ?1 AND tenant_id = ?2 AND fault ->> 'isReleasing'`
  await db.batch([db.prepare(clear).bind(id, tenantId), db.prepare(BUMP_SQL).bind(tenantId)])
}

/** Whether the circuit of the endpoint is open, so that others can take its events. */
export async function setFailing(
  db: D1Database,
  { tenantId, id }: { tenantId: TenantId; id: string },
  since: number | null,
): Promise<void> {
  const sql = 'UPDATE endpoints SET failing_since = ?1 WHERE id = ?2 AND tenant_id = ?3'
  await db.batch([db.prepare(sql).bind(since, id, tenantId), db.prepare(BUMP_SQL).bind(tenantId)])
}

/** What an error said may be what an event said. */
export async function eraseFaults(
  db: D1Database,
  tenantId: TenantId,
  eventIds: readonly string[],
): Promise<void> {
  if (eventIds.length === 0) return
  await db
    .prepare(
      `UPDATE subscriptions SET fault = json_set(fault, '$.error', 'It was erased.')
       WHERE tenant_id = ?1 AND fault ->> 'eventId' IN (SELECT value FROM json_each(?2))`,
    )
    .bind(tenantId, JSON.stringify(eventIds))
    .run()
}
