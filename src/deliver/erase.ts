import type { DeliveryRef } from '../model/accept.ts'
import type { EventPointer, LogMessage } from '../model/delivery-log.ts'
import {
  eraseBatchAttempts,
  eraseDeliveryRow,
  eraseEventRow,
  eraseRecord,
  type ErasedEvent,
} from '../model/erasure.ts'
import { decodeEvent } from '../model/event.ts'
import { deliveryIdOf, type BatchId, type EventId } from '../model/id.ts'
import type { AcceptedRow } from './accepted-row.ts'
import { cancelAt, isWaiting, type Hands } from './by-hand.ts'
import { batchIdsIn, eraseBatchLog } from './conclude-batch.ts'
import { acceptedRowsOf, outcomesHolding, replaceOutcomes, replaceRecords } from './journal-edit.ts'
import { positionAt } from './store.ts'

/**
 * Takes events out of an endpoint's journal: their records, and what was told or is still to be told to the log. What
 * waits is cancelled, and an attempt in flight leaves nothing but its result. `batchIds`: in which the log says that
 * they were sent; what was sent and answered there goes as well. A repeat finds nothing more to do.
 */
export function eraseEvents(
  hands: Hands,
  { events, batchIds }: { events: readonly ErasedEvent[]; batchIds: readonly BatchId[] },
): { journalRows: number; cancelled: number } {
  const { store, outbox } = hands
  const rows = acceptedRowsOf(store, events)
  const places = new Set(events.map(placeOf))
  const found = rows.flatMap((row) => itemsAt(row, places))
  const changed = rows.filter((row) => eraseRecords(row, places))
  for (const row of changed) replaceRecords(store, row)
  hands.loans.erase((pointer) => places.has(placeOf(pointer)))
  const positions = positionsOf(hands, found)
  const what = { ids: new Set(events.map(({ eventId }) => eventId)), batches: new Set(batchIds) }
  const from = Math.min(...found.map(({ seq }) => seq))
  const told = found.length === 0 ? [] : outcomesHolding(store, { ids: [...what.ids], from })
  for (const message of [...told, ...outbox.untold()]) learnBatches(message, what)
  for (const id of eraseBatchRows(hands, positions)) what.batches.add(id)
  const erase = (message: LogMessage) => eraseMessage(message, what)
  const ids = [...what.ids, ...what.batches]
  const outcomes = found.length === 0 ? 0 : replaceOutcomes(store, { ids, from }, erase)
  outbox.amend(erase)
  return { journalRows: changed.length + outcomes, cancelled: cancelAll(hands, positions) }
}

interface Found extends DeliveryRef {
  seq: number
  eventId: EventId
}

/** Whose traces go: events, and the batches that they were sent in. */
interface Erased {
  ids: ReadonlySet<EventId>
  batches: Set<BatchId>
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

function positionsOf({ store }: Hands, found: readonly Found[]): number[] {
  if (found.length === 0) return []
  const from = positionAt(Math.min(...found.map(({ seq }) => seq)))
  return [...store.positionsOf(found, from).values()].flat()
}

function learnBatches(message: LogMessage, { ids, batches }: Erased): void {
  if (message.kind !== 'deliveries') return
  for (const row of message.rows) {
    if (!ids.has(row.eventId)) continue
    for (const { batch } of Object.values(row.attemptLog)) if (batch) batches.add(batch.id)
  }
}

/** What the log is still to be told of batches, once for all of their members. Answers with their ids. */
function eraseBatchRows({ lanes }: Hands, positions: readonly number[]): BatchId[] {
  const batches = new Set(positions.flatMap((each) => lanes.batches.of(each) ?? []))
  return [...batches].flatMap((batch) => {
    const ids = batchIdsIn(batch)
    if (ids.length > 0) lanes.batches.put(batch, { log: eraseBatchLog(batch) })
    return ids
  })
}

function cancelAll(hands: Hands, positions: readonly number[]): number {
  const { store, lanes, outbox } = hands
  let cancelled = 0
  for (const position of positions) {
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

function eraseMessage(message: LogMessage, { ids, batches }: Erased): LogMessage {
  if (message.kind !== 'deliveries') return message
  return {
    ...message,
    rows: message.rows.map((row) =>
      ids.has(row.eventId) ? eraseDeliveryRow(row) : eraseBatchAttempts(row, batches),
    ),
    events: message.events.map((row) => (ids.has(row.id) ? eraseEventRow(row) : row)),
  }
}

function placeOf({ intake, segment, index }: EventPointer): string {
  return `${intake} ${segment} ${index}`
}
