import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The log database (`LOG_DB`). Written for every event, so a row costs one billed row and no more: WITHOUT ROWID
 * (edited into the migration by hand), clustered by tenant and time-ordered id, no secondary index. What a page
 * filters by beyond that is scanned in bounded steps (`scan.ts`). The columns are those of `model/delivery-log.ts`.
 */
export const events = sqliteTable(
  'events',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    sourceId: text('source_id'),
    type: text().notNull(),
    receivedAt: integer('received_at').notNull(),
    occurredAt: integer('occurred_at'),
    providerEventId: text('provider_event_id'),
    entityType: text('entity_type'),
    entityId: text('entity_id'),
    contentType: text('content_type').notNull(),
    bodyBytes: integer('body_bytes').notNull(),
    bodyKey: text('body_key'),
    intake: text().notNull(),
    segment: integer().notNull(),
    idx: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

export const deliveries = sqliteTable(
  'deliveries',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    eventId: text('event_id').notNull(),
    eventType: text('event_type').notNull(),
    sourceId: text('source_id'),
    endpointId: text('endpoint_id').notNull(),
    subscriptionId: text('subscription_id').notNull(),
    status: text().notNull(),
    attempts: integer().notNull(),
    statusCode: integer('status_code'),
    error: text(),
    durationMs: integer('duration_ms'),
    lastAttemptAt: integer('last_attempt_at'),
    nextAttemptAt: integer('next_attempt_at'),
    version: integer().notNull(),
    /** JSON: attempts by number. Stays the last column: a scan of the others then never reads its overflow pages. */
    attemptLog: text('attempt_log').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

export const rejections = sqliteTable(
  'rejections',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    sourceId: text('source_id').notNull(),
    at: integer().notNull(),
    reason: text().notNull(),
    detail: text().notNull(),
    ip: text(),
    country: text(),
    method: text().notNull(),
    /** JSON: pairs of name and value. */
    headers: text().notNull(),
    bodySample: text('body_sample').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** Events that wait for a subscription: for its rule to be fixed, or for a time. Clustered in the order of release. */
export const holds = sqliteTable(
  'holds',
  {
    tenantId: text('tenant_id').notNull(),
    subscriptionId: text('subscription_id').notNull(),
    intake: text().notNull(),
    segment: integer().notNull(),
    idx: integer().notNull(),
    eventId: text('event_id').notNull(),
    /** Null: until the rule is fixed. */
    dueAt: integer('due_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.subscriptionId, table.intake, table.segment, table.idx] }),
  ],
)
