import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * The configuration database (`DB`). Small, read often, written by people: an index that saves a scan is worth its
 * billed row here. Every table is WITHOUT ROWID, which Drizzle cannot say: the generated migration is edited by hand.
 * Times are milliseconds. `settings` is JSON that the model's zod schema parses on every read; the columns beside
 * it that repeat one of its fields exist for queries and are written from it.
 */
export const tenants = sqliteTable(
  'tenants',
  {
    id: text().primaryKey(),
    uid: text(),
    name: text().notNull(),
    settings: text().notNull(),
    /** Grows with every change to the tenant's subscriptions and endpoints, which routing caches by it. */
    routingVersion: integer('routing_version').notNull().default(1),
    version: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('tenants_uid')
      .on(table.uid)
      .where(sql`uid IS NOT NULL`),
  ],
)

export const tokens = sqliteTable(
  'tokens',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    name: text().notNull(),
    /** SHA-256 of the whole token in hex. A token holds 256 random bits, so a fast hash is enough. */
    hash: text().notNull(),
    /** JSON: an array of scopes. */
    scopes: text().notNull(),
    expiresAt: integer('expires_at'),
    lastUsedAt: integer('last_used_at'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('tokens_tenant').on(table.tenantId)],
)

export const sources = sqliteTable(
  'sources',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    uid: text(),
    name: text().notNull(),
    provider: text().notNull(),
    state: text().notNull(),
    settings: text().notNull(),
    /** JSON: `[{sealed, expiresAt}]`, newest first, sealed with the id of the source as context. */
    secrets: text().notNull(),
    version: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('sources_tenant').on(table.tenantId),
    uniqueIndex('sources_uid')
      .on(table.tenantId, table.uid)
      .where(sql`uid IS NOT NULL`),
  ],
)

/** The hooks that we made at a source's provider, one row for each of its places there. */
export const registrations = sqliteTable(
  'registrations',
  {
    sourceId: text('source_id').notNull(),
    /** JSON: the base URL and the target. */
    place: text().notNull(),
    id: text().notNull(),
    tenantId: text('tenant_id').notNull(),
    /** JSON: the hooks, their events, and which secret they were given. */
    settings: text().notNull(),
    /** Sealed with the id as context; null: they are given for each call. */
    credentials: text(),
    /** Nobody else works on it before then. */
    leasedUntil: integer('leased_until').notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sourceId, table.place] })],
)

export const endpoints = sqliteTable(
  'endpoints',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    uid: text(),
    name: text().notNull(),
    url: text().notNull(),
    state: text().notNull(),
    settings: text().notNull(),
    /** As in `sources`. */
    secrets: text().notNull(),
    version: integer().notNull(),
    /** The most objects it ever had: those that it no longer uses may still hold deliveries. */
    shards: integer().notNull().default(1),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** Since when its circuit is open; null: it is not, as far as its object has told. */
    failingSince: integer('failing_since'),
  },
  (table) => [
    index('endpoints_tenant').on(table.tenantId),
    uniqueIndex('endpoints_uid')
      .on(table.tenantId, table.uid)
      .where(sql`uid IS NOT NULL`),
  ],
)

export const subscriptions = sqliteTable(
  'subscriptions',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    uid: text(),
    name: text().notNull(),
    endpointId: text('endpoint_id').notNull(),
    state: text().notNull(),
    settings: text().notNull(),
    version: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** JSON: why its rule failed. Not a setting: routing writes it. */
    fault: text(),
  },
  (table) => [
    index('subscriptions_tenant').on(table.tenantId),
    index('subscriptions_endpoint').on(table.endpointId),
    uniqueIndex('subscriptions_uid')
      .on(table.tenantId, table.uid)
      .where(sql`uid IS NOT NULL`),
  ],
)

/** What a subscription was before each change, so that a rule can be looked up and put back. */
export const subscriptionVersions = sqliteTable(
  'subscription_versions',
  {
    subscriptionId: text('subscription_id').notNull(),
    version: integer().notNull(),
    tenantId: text('tenant_id').notNull(),
    settings: text().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.subscriptionId, table.version] })],
)

/** The catalogue of what a tenant publishes and receives. */
export const eventTypes = sqliteTable(
  'event_types',
  {
    tenantId: text('tenant_id').notNull(),
    name: text().notNull(),
    /** JSON: description, JSON Schemas by version, sample. */
    settings: text().notNull(),
    version: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name] })],
)

/** Small tables that transformations look things up in. */
export const lookupTables = sqliteTable(
  'lookup_tables',
  {
    tenantId: text('tenant_id').notNull(),
    name: text().notNull(),
    /** JSON: an object of values by key. */
    entries: text().notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name] })],
)

/** Secrets that configuration names instead of holding them. */
export const secrets = sqliteTable(
  'secrets',
  {
    tenantId: text('tenant_id').notNull(),
    name: text().notNull(),
    /** Sealed with `secrets/TENANT/NAME` as context. */
    sealed: text().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name] })],
)

/** The intake objects that were ever used, so that the sweep can ask each for unsettled work. */
export const intakes = sqliteTable('intakes', {
  name: text().primaryKey(),
  tenantId: text('tenant_id').notNull(),
  sourceId: text('source_id'),
  createdAt: integer('created_at').notNull(),
})

/** Where each sweep over a list goes on, and when it last worked. */
export const sweeps = sqliteTable('sweeps', {
  list: text().primaryKey(),
  cursor: text(),
  sweptAt: integer('swept_at').notNull(),
})

/** Replays, each a job that goes on in steps from `cursor`. */
export const replays = sqliteTable(
  'replays',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** JSON: what it selects. */
    query: text().notNull(),
    /** Null: to every endpoint that wants the event. */
    endpointId: text('endpoint_id'),
    ratePerSecond: integer('rate_per_second'),
    state: text().notNull(),
    matched: integer().notNull(),
    done: integer().notNull(),
    failed: integer().notNull(),
    error: text(),
    /** The id after which the next step goes on. */
    cursor: text(),
    /** No other step before then: one is under way, or the rate asks for a pause. */
    leasedUntil: integer('leased_until').notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('replays_tenant').on(table.tenantId),
    index('replays_open')
      .on(table.id)
      .where(sql`state IN ('planned', 'running')`),
  ],
)

/** Answers to POSTs that carried an `Idempotency-Key`. Without `status` the first request is still under way. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    tenantId: text('tenant_id').notNull(),
    key: text().notNull(),
    /** SHA-256 in hex of method, path and body: what the key was used for. */
    requestHash: text('request_hash').notNull(),
    status: integer(),
    /** The answer's body, sealed, since it may hold a secret that is shown once. */
    answer: text(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.key] })],
)
