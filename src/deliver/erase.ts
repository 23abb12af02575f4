import type { DeliveryRef } from '../model/accept.ts'
import type { ErasedEvent } from '../model/erasure.ts'
import type { EventPointer, LogMessage } from '../model/delivery-log.ts'
import { eraseAttempt, eraseDeliveryRow, eraseEventRow, eraseRecord } from '../model/erasure.ts'
import { decodeEvent } from '../model/event.ts'
import { deliveryIdOf, type EventId } from '../model/id.ts'
import { cancelAt, isWaiting, type Hands } from './by-hand.ts'
import type { Ended, Parts } from './conclude.ts'
import { acceptedRowsOf, replaceOutcomes, replaceRecords } from './journal-edit.ts'
import { positionAt, type AcceptedRow } from './store.ts'

/**
 * Takes events out of an endpoint's journal: their records, and what was told or is still to be told to the log. What
 * waits is cancelled, and an attempt in flight leaves nothing but its result. A repeat finds nothing more to do.
 */
export function eraseEvents(
  hands: Hands,
  events: readonly ErasedEvent[],
): { journalRows: number; cancelled: number } {
  const { store, outbox } = hands
  const rows = acceptedRowsOf(store, events)
  const places = new Set(events.map(placeOf))
  const found = rows.flatMap((row) => itemsAt(row, places))
  const changed = rows.filter((row) => eraseRecords(row, places))
  for (const row of changed) replaceRecords(store, row)
  const ids = new Set(events.map(({ eventId }) => eventId))
  hands.loans.erase((pointer) => places.has(placeOf(pointer)))
  const erase = (message: LogMessage) => eraseMessage(message, ids)
  const from = Math.min(...found.map(({ seq }) => seq))
  const outcomes = found.length === 0 ? 0 : replaceOutcomes(store, { ids: [...ids], from }, erase)
  outbox.amend(erase)
  return { journalRows: changed.length + outcomes, cancelled: cancelAll(hands, found) }
}

/** What an attempt that was in flight when its event was erased may leave behind. */
export function withoutErased(
  { store }: Pick<Parts, 'store'>,
  { position, delivery, attempted }: Ended,
): Pick<Ended, 'delivery' | 'attempted'> {
  const current = (store.erasedInFlight.delete(position) && store.delivery(position)) || delivery
  if (!current.event.head.erased) return { delivery, attempted }
  return { delivery: current, attempted: { ...attempted, record: eraseAttempt(attempted.record) } }
}

interface Found extends DeliveryRef {
  seq: number
  eventId: EventId
}

function itemsAt(row: AcceptedRow, places: ReadonlySet<string>): Found[] {
  return row.items.flatMap(([segment, index, subscriptionId, at]) => {
    const pointer = { intake: row.intake, segment, index }
    const record = row.records[at]
    if (!record || !places.has(placeOf(pointer))) return []
    const eventId = decodeEvent(record).head.id
    return [{ seq: row.seq, id: deliveryIdOf(eventId, subscriptionId), subscriptionId, eventId, pointer }]
  })
}

/** Whether any of them was still there. */
function eraseRecords(row: AcceptedRow, places: ReadonlySet<string>): boolean {
  let isChanged = false
  for (const [segment, index, , at] of row.items) {
    const record = row.records[at]
    if (!record || !places.has(placeOf({ intake: row.intake, segment, index }))) continue
    if (decodeEvent(record).head.erased) continue
    row.records[at] = eraseRecord(record).record
    isChanged = true
  }
  return isChanged
}

function cancelAll(hands: Hands, found: readonly Found[]): number {
  if (found.length === 0) return 0
  const { store, lanes, outbox } = hands
  const from = positionAt(Math.min(...found.map(({ seq }) => seq)))
  let cancelled = 0
  for (const position of [...store.positionsOf(found, from).values()].flat()) {
    const row = lanes.get(position)
    const log = row && store.retryLog(position)
    // Told to the log again when the object comes back, so it must say no more than the log may.
    if (row && log) store.putRetry(row, eraseDeliveryRow(log))
    if (hands.isInFlight(position)) store.erasedInFlight.add(position)
    else if (isWaiting(hands, position) && cancelAt(hands, position).kind === 'done') cancelled++
  }
  if (cancelled > 0) outbox.flush({ mustKeep: true })
  return cancelled
}

function eraseMessage(message: LogMessage, ids: ReadonlySet<EventId>): LogMessage {
  if (message.kind !== 'deliveries') return message
  return {
    ...message,
    rows: message.rows.map((row) => (ids.has(row.eventId) ? eraseDeliveryRow(row) : row)),
    events: message.events.map((row) => (ids.has(row.id) ? eraseEventRow(row) : row)),
  }
}

function placeOf({ intake, segment, index }: EventPointer): string {
  return `${intake} ${segment} ${index}`
}
