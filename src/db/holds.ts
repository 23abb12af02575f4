import type { EventId, SubscriptionId, TenantId } from '../model/id.ts'

/** An event that waits for a subscription. */
export interface Hold {
  tenantId: TenantId
  subscriptionId: SubscriptionId
  intake: string
  segment: number
  index: number
  eventId: EventId
  /** Milliseconds; null: until the rule is fixed. */
  dueAt: number | null
}

interface Holder {
  tenantId: TenantId
  subscriptionId: SubscriptionId
}

/** Rows in one statement: about 200 bytes of JSON each, far below the 2 MB of a bound value. */
const CHUNK = 2_000

const HOLD_SQL = `
  INSERT INTO holds (tenant_id, subscription_id, intake, segment, idx, event_id, due_at)
  SELECT value ->> 'tenantId', value ->> 'subscriptionId', value ->> 'intake', value ->> 'segment',
    value ->> 'index', value ->> 'eventId', value ->> 'dueAt'
  FROM json_each(?1) WHERE true
  ON CONFLICT DO UPDATE SET due_at = excluded.due_at WHERE due_at IS NOT excluded.due_at`

const FORGET_SQL = `
  DELETE FROM holds WHERE (tenant_id, subscription_id, intake, segment, idx) IN (
    SELECT value ->> 'tenantId', value ->> 'subscriptionId', value ->> 'intake', value ->> 'segment',
      value ->> 'index' FROM json_each(?1))`

const PAGE_SQL = `
  SELECT tenant_id AS tenantId, subscription_id AS subscriptionId, intake, segment, idx AS "index",
    event_id AS eventId, due_at AS dueAt
  FROM holds WHERE tenant_id = ?1 AND subscription_id = ?2 AND (intake, segment, idx) > (?3, ?4, ?5)
  ORDER BY intake, segment, idx LIMIT ?6`

const NEXT_SQL = `
  SELECT tenant_id AS tenantId, subscription_id AS subscriptionId FROM holds
  WHERE (tenant_id, subscription_id) > (?1, ?2) ORDER BY tenant_id, subscription_id LIMIT 1`

/** Durable when it resolves; a repeat only sets the time. */
export async function holdEvents(db: D1Database, items: readonly Hold[]): Promise<void> {
  for (let i = 0; i < items.length; i += CHUNK) {
    await db
      .prepare(HOLD_SQL)
      .bind(JSON.stringify(items.slice(i, i + CHUNK)))
      .run()
  }
}

export async function forgetHeld(db: D1Database, items: readonly Hold[]): Promise<void> {
  if (items.length > 0) await db.prepare(FORGET_SQL).bind(JSON.stringify(items)).run()
}

export async function pageHeld(
  db: D1Database,
  { tenantId, subscriptionId }: Holder,
  after: Hold | undefined,
  limit: number,
): Promise<Hold[]> {
  const { intake, segment, index } = after ?? { intake: '', segment: 0, index: 0 }
  const statement = db.prepare(PAGE_SQL).bind(tenantId, subscriptionId, intake, segment, index, limit)
  return (await statement.all<Hold>()).results
}

/** The next subscription that holds something. One row read, however much it holds. */
export async function nextHolder(db: D1Database, after: Holder | undefined): Promise<Holder | undefined> {
  const statement = db.prepare(NEXT_SQL).bind(after?.tenantId ?? '', after?.subscriptionId ?? '')
  return (await statement.first<Holder>()) ?? undefined
}

/** How many events wait, up to a bound. */
export async function countHeld(
  db: D1Database,
  { tenantId, subscriptionId }: Holder,
  max: number,
): Promise<number> {
  const sql = `SELECT count(*) AS held FROM (
    SELECT 1 FROM holds WHERE tenant_id = ?1 AND subscription_id = ?2 LIMIT ?3)`
  return (await db.prepare(sql).bind(tenantId, subscriptionId, max).first<number>('held')) ?? 0
}
