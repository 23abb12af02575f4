import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The log database (`LOG_DB`). Written for every event, so a row costs one billed row and no more: WITHOUT ROWID
 * (edited into the migration by hand), clustered by tenant and time-ordered id. What a page filters by beyond that is
 * scanned in bounded steps (`scan.ts`), over only those hours in which `metrics` counts any (`spans.ts`). The columns are those of `model/delivery-log.ts`.
 */
const EVENT = {
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
  /** Two letters, where the request came from. */
  country: text(),
  orderingKey: text('ordering_key'),
  /** By which it was erased; the facts of the event are then gone, and its body too. */
  erasureId: text('erasure_id'),
}

const OUTCOME = {
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
}

/** Events without a delivery of their own: nobody wanted them, or the log learnt of the delivery before. */
export const events = sqliteTable('events', EVENT, (table) => [
  primaryKey({ columns: [table.tenantId, table.id] }),
])

/**
 * An event and the first of its deliveries in one row, so that one delivered once costs one. The key is the event's.
 * An event stands either here or in `events`, a delivery either here or in `deliveries`, and stays where it is.
 */
export const firstDeliveries = sqliteTable(
  'first_deliveries',
  { ...EVENT, deliveryId: text('delivery_id').notNull(), ...OUTCOME },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    // Partial: a delivery that succeeds at once never has a row in it, so the common case pays nothing.
    index('first_deliveries_open')
      .on(table.tenantId, table.status, table.id)
      .where(sql`status <> 'delivered'`),
  ],
)

/** Every further delivery of an event. */
export const deliveries = sqliteTable(
  'deliveries',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    eventId: text('event_id').notNull(),
    eventType: text('event_type').notNull(),
    sourceId: text('source_id'),
    ...OUTCOME,
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('deliveries_open')
      .on(table.tenantId, table.status, table.id)
      .where(sql`status <> 'delivered'`),
  ],
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

/**
 * Counters by hour, and by day when the hours are old (`grain`). A row either counts one endpoint (its `source_id`,
 * `type` and `country` are empty), or what came in as one type at one source from one country (its `endpoint_id` is
 * empty). Written together with the rows it counts (`metrics-writer.ts`), so it is exact under repeats.
 */
export const metrics = sqliteTable(
  'metrics',
  {
    tenantId: text('tenant_id').notNull(),
    grain: text().notNull(),
    endpointId: text('endpoint_id').notNull(),
    /** The start of the hour or day, in milliseconds. */
    at: integer().notNull(),
    sourceId: text('source_id').notNull(),
    type: text().notNull(),
    country: text().notNull(),
    received: integer().notNull().default(0),
    rejected: integer().notNull().default(0),
    deliveries: integer().notNull().default(0),
    attempts: integer().notNull().default(0),
    delivered: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    retried: integer().notNull().default(0),
    dead: integer().notNull().default(0),
    /** Failures since the last success in this hour. */
    failing: integer().notNull().default(0),
    durationMs: integer('duration_ms').notNull().default(0),
    /** The first and last time of receipt of what is counted in `received` or `deliveries`. */
    firstAt: integer('first_at'),
    lastAt: integer('last_at'),
    lastDeliveredAt: integer('last_delivered_at'),
    lastFailedAt: integer('last_failed_at'),
    lastRejectedAt: integer('last_rejected_at'),
    /** Attempts by their duration: see `LATENCY_BOUNDS_MS`. */
    l0: integer().notNull().default(0),
    l1: integer().notNull().default(0),
    l2: integer().notNull().default(0),
    l3: integer().notNull().default(0),
    l4: integer().notNull().default(0),
    l5: integer().notNull().default(0),
    l6: integer().notNull().default(0),
    l7: integer().notNull().default(0),
    l8: integer().notNull().default(0),
    l9: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({
      columns: [
        table.tenantId,
        table.grain,
        table.endpointId,
        table.at,
        table.sourceId,
        table.type,
        table.country,
      ],
    }),
  ],
)

/** Who changed what through the API. `before` and `after` are JSON as the API shows the resource, secrets masked. */
export const audit = sqliteTable(
  'audit',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    /** A token's id, or `root`. */
    actor: text().notNull(),
    action: text().notNull(),
    /** The kind of resource: the first part of the path. */
    resource: text().notNull(),
    resourceId: text('resource_id'),
    status: integer().notNull(),
    /** The problem's code, when the call was refused. */
    code: text(),
    ip: text(),
    requestId: text('request_id').notNull(),
    before: text(),
    after: text(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** What was erased on request, as proof: counts and hashes, never what was erased. */
export const erasures = sqliteTable(
  'erasures',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    state: text().notNull(),
    /** JSON: see `model/erasure.ts`. */
    report: text().notNull(),
    /** What is to be found, sealed; empty once it is done. */
    subject: text().notNull(),
    /** No other step before then. */
    leasedUntil: integer('leased_until').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('erasures_open')
      .on(table.id)
      .where(sql`state <> 'done'`),
  ],
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
