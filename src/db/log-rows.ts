/**
 * The events and the deliveries of the log, each as one table to select from. SQLite takes the conditions into both
 * tables, so each must be narrowed by the key of its own: an event by its id; a delivery by its id or a range of it
 * (`deliveries`) and by its event's or a range of that (`first_deliveries`). Joined to it, they would be read whole.
 */
const EVENT_COLUMNS = `tenant_id, id, source_id, type, received_at, occurred_at, provider_event_id, entity_type,
  entity_id, content_type, body_bytes, body_key, intake, segment, idx, country, ordering_key, erasure_id`
const OUTCOME_COLUMNS = `endpoint_id, subscription_id, status, attempts, status_code, error, duration_ms,
  last_attempt_at, next_attempt_at, version, attempt_log`

export const EVENTS = `(SELECT ${EVENT_COLUMNS} FROM events
  UNION ALL SELECT ${EVENT_COLUMNS} FROM first_deliveries)`

export const DELIVERIES = `(SELECT tenant_id, id, event_id, event_type, source_id, ${OUTCOME_COLUMNS} FROM deliveries
  UNION ALL SELECT tenant_id, delivery_id AS id, id AS event_id, type AS event_type, source_id, ${OUTCOME_COLUMNS}
  FROM first_deliveries)`
