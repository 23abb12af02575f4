import { ERASED } from '../model/erasure.ts'

/** The statements that put rows of the log, given as one JSON array (`?1`), where they belong. */

/** Columns of an event by what they have in JSON; where it is comes from its pointer. */
const EVENT = {
  tenant_id: 'tenantId',
  id: 'id',
  source_id: 'sourceId',
  type: 'type',
  received_at: 'receivedAt',
  occurred_at: 'occurredAt',
  provider_event_id: 'providerEventId',
  entity_type: 'entityType',
  entity_id: 'entityId',
  content_type: 'contentType',
  body_bytes: 'bodyBytes',
  body_key: 'bodyKey',
  intake: 'pointer.intake',
  segment: 'pointer.segment',
  idx: 'pointer.index',
  country: 'country',
  ordering_key: 'orderingKey',
}
const OUTCOME = {
  endpoint_id: 'endpointId',
  subscription_id: 'subscriptionId',
  status: 'status',
  attempts: 'attempts',
  status_code: 'statusCode',
  error: 'error',
  duration_ms: 'durationMs',
  last_attempt_at: 'lastAttemptAt',
  next_attempt_at: 'nextAttemptAt',
  version: 'version',
}
const DELIVERY = {
  tenant_id: 'tenantId',
  id: 'id',
  event_id: 'eventId',
  event_type: 'eventType',
  source_id: 'sourceId',
  ...OUTCOME,
}
/** What a newer version replaces; keys, event, endpoint and subscription of a delivery never change. */
const NEWER_WINS = [
  'status',
  'attempts',
  'status_code',
  'duration_ms',
  'last_attempt_at',
  'next_attempt_at',
  'version',
]

/**
 * Deliveries, to the first of an event its `event` is given. One that has its row here is merged with it; one that
 * comes with its event makes a row of both, unless either of them is known already. A constraint fails before a
 * conflict is seen, so a row that is merged without its event is given the facts that it has.
 */
export const FIRST_SQL = `
  WITH given AS MATERIALIZED (SELECT value FROM json_each(?1))
  INSERT INTO first_deliveries (${Object.keys(EVENT).join(', ')}, delivery_id, ${Object.keys(OUTCOME).join(', ')},
    attempt_log)
  SELECT ${Object.entries(EVENT)
    .map(([column, path]) => `coalesce(known.${column}, value ->> '$.event.${path}')`)
    .join(', ')},
    value ->> 'id', ${valuesOf(OUTCOME)}, value -> 'attemptLog'
  FROM given LEFT JOIN first_deliveries AS known
    ON known.tenant_id = value ->> 'tenantId' AND known.id = value ->> 'eventId'
  WHERE known.delivery_id = value ->> 'id' OR (known.id IS NULL AND value ->> '$.event.id' IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM events WHERE tenant_id = value ->> 'tenantId' AND id = value ->> 'eventId')
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE tenant_id = value ->> 'tenantId' AND id = value ->> 'id'))
  ${mergeInto('first_deliveries')}`

/** Events that have no row with a delivery. */
export const EVENTS_SQL = `
  WITH given AS MATERIALIZED (SELECT value FROM json_each(?1))
  INSERT INTO events (${Object.keys(EVENT).join(', ')})
  SELECT ${valuesOf(EVENT)}
  FROM given
  WHERE NOT EXISTS (SELECT 1 FROM first_deliveries WHERE tenant_id = value ->> 'tenantId' AND id = value ->> 'id')
  ON CONFLICT DO NOTHING`

/** Deliveries that have no row with their event. */
export const DELIVERIES_SQL = `
  WITH given AS MATERIALIZED (SELECT value FROM json_each(?1))
  INSERT INTO deliveries (${Object.keys(DELIVERY).join(', ')}, attempt_log)
  SELECT ${valuesOf(DELIVERY)}, value -> 'attemptLog'
  FROM given
  WHERE NOT EXISTS (SELECT 1 FROM first_deliveries
    WHERE tenant_id = value ->> 'tenantId' AND id = value ->> 'eventId' AND delivery_id = value ->> 'id')
  ${mergeInto('deliveries')}`

export const REJECTIONS_SQL = `
  WITH given AS MATERIALIZED (SELECT value FROM json_each(?1))
  INSERT INTO rejections (tenant_id, id, source_id, at, reason, detail, ip, country, method, headers, body_sample)
  SELECT value ->> 'tenantId', value ->> 'id', value ->> 'sourceId', value ->> 'at', value ->> 'reason',
    value ->> 'detail', value ->> 'ip', value ->> 'country', value ->> 'method', value -> 'headers',
    value ->> 'bodySample'
  FROM given WHERE true
  ON CONFLICT DO NOTHING`

function valuesOf(columns: Record<string, string>): string {
  return Object.values(columns)
    .map((path) => `value ->> '$.${path}'`)
    .join(', ')
}

/** Attempts merge, the columns follow the highest version, and what changes nothing writes nothing. */
function mergeInto(table: 'first_deliveries' | 'deliveries'): string {
  // What was erased is not to come back with a message that was on its way.
  const isErased = `${table}.error IS '${ERASED}'`
  const merged = `json_patch(${table}.attempt_log, excluded.attempt_log)`
  const newer = (column: string) =>
    `iif(excluded.version > ${table}.version, excluded.${column}, ${table}.${column})`
  return `ON CONFLICT DO UPDATE SET
    attempt_log = iif(${isErased}, ${table}.attempt_log, ${merged}),
    error = iif(${isErased}, ${table}.error, ${newer('error')}),
    ${NEWER_WINS.map((column) => `${column} = ${newer(column)}`).join(',\n    ')}
  WHERE excluded.version > ${table}.version
    OR (NOT ${isErased} AND ${merged} <> ${table}.attempt_log)`
}
