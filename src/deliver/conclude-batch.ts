import type { Outcome } from '../model/attempt.ts'
import type { BatchRow } from '../model/batch.ts'
import type { AttemptRecord, DeliveryRow } from '../model/delivery-log.ts'
import { step, type DeliveryState } from '../model/delivery.ts'
import { eraseAttempt } from '../model/erasure.ts'
import type { BatchId, EndpointId } from '../model/id.ts'
import type { Attempted } from './attempt.ts'
import { conclude, type Ended, type Parts } from './conclude.ts'
import { asItIsNow, isErased } from './erased.ts'
import { NEVER } from './lanes.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import type { Outbox } from './outbox.ts'
import type { Parcel } from './parcel.ts'
import { deliveryEventOf } from './retry.ts'
import type { StoredDelivery } from './store.ts'

const REFUSED: Outcome = { kind: 'refused', reason: 'payload_missing', detail: 'The payload was erased.' }

/** The attempts of a batch that D1 may not have: once for all of its members. */
interface BatchLog {
  state: DeliveryState
  outcome: Outcome
  records: Record<string, AttemptRecord>
}

/** Keeps what became of an attempt; answers when it is due again. */
export function concludeParcel(
  parts: Parts,
  { position, place, ...parcel }: Parcel & Pick<Ended, 'position' | 'place'>,
  attempted: Attempted,
): number | undefined {
  const { attempts, members, keys, batch } = parcel
  if (batch) return concludeBatch(parts, { ...parcel, batch }, attempted)
  const [only] = members
  if (only === undefined) return undefined
  const { delivery } = only
  const from = sending(attempts, attempts > delivery.triedBefore + 1)
  return conclude(parts, { position, place, key: keys[0] ?? null, delivery, from, attempted })
}

/** The row of a member as the log was to have it after the batch's last attempt; undefined: there was none. */
export function memberLogOf({ log }: BatchRow, member: Logged): DeliveryRow | undefined {
  return log === '' ? undefined : memberLog(JSON.parse(log) as BatchLog, member)
}

/** The batches whose attempts the log is still to be told of. */
export function batchIdsIn({ log }: BatchRow): BatchId[] {
  const records = log === '' ? [] : Object.values((JSON.parse(log) as BatchLog).records)
  return records.flatMap(({ batch }) => batch?.id ?? [])
}

/** Without what was sent and answered. */
export function eraseBatchLog({ log }: BatchRow): string {
  const told = JSON.parse(log) as BatchLog
  const records = Object.entries(told.records).map(([number, each]) => [number, eraseAttempt(each)] as const)
  return JSON.stringify({ ...told, records: Object.fromEntries(records) })
}

interface Logged {
  delivery: StoredDelivery
  endpointId: EndpointId
}

/** All members have one outcome: they end together, or the batch is one row that is due again. */
function concludeBatch(
  parts: Parts,
  { attempts, members: sent, batch, batchId }: Parcel & { batch: BatchRow },
  { outcome, record }: Attempted,
): number | undefined {
  const { outbox, lanes, endpoint, clock } = parts
  const [first] = sent
  if (first === undefined || batchId === undefined) return undefined
  const all = sent.map((each) => memberOf(parts, each))
  const schedule = { policy: endpoint.settings.retry, clock }
  const state = step(sending(attempts, attempts > 1), deliveryEventOf(outcome, attempts, schedule))
  const isKeyed = batch.members.some(([, key]) => key !== null)
  const isBlocking = state.status === 'dead' && isKeyed && endpoint.settings.onExhausted === 'block'
  const isOver = state.status !== 'retrying' && !isBlocking
  const before = unconfirmedRecords(batch, outbox)
  const records = { ...before, [String(attempts)]: namedRecord(all, { record, batchId }) }
  const log: BatchLog = { state, outcome, records }
  const isGone = ({ delivery, wasSent }: Member) => isErased(delivery) && !(isOver && wasSent)
  takeBack(parts, all.filter(isGone), { log, before, attempts })
  const members = all.filter((each) => !isGone(each))
  if (isOver) for (const { position } of members) lanes.end(position)
  const receipts = new Set<number>()
  for (const { position, delivery } of members) {
    const row = memberLog(log, { delivery, endpointId: endpoint.id })
    const event = attempts === 1 && delivery.triedBefore === 0 ? eventRowOf(delivery) : undefined
    receipts.add(outbox.add(row, event, isOver ? position : undefined))
  }
  if (isOver || members.length === 0) return undefined
  const dueAt = state.status === 'retrying' ? state.dueAt : NEVER
  lanes.putBatch(batch, { dueAt, attempts, receipts: [...receipts], log: JSON.stringify(log) })
  return dueAt < NEVER ? dueAt : undefined
}

interface Member {
  position: number
  delivery: StoredDelivery
  /** False: it was erased before. */
  wasSent: boolean
}

function memberOf({ store }: Parts, { position, delivery }: Omit<Member, 'wasSent'>): Member {
  const wasSent = store.erasedInFlight.has(position) || !isErased(delivery)
  return { position, delivery: asItIsNow(store, { position, delivery }), wasSent }
}

/** The attempt as the log has it. What was erased since it began may be in the answer. */
function namedRecord(
  all: readonly Member[],
  { record, batchId }: { record: AttemptRecord; batchId: BatchId },
): AttemptRecord {
  const went = all.filter(({ wasSent }) => wasSent)
  const [first = all[0]] = went
  const kept = went.some(({ delivery }) => isErased(delivery)) ? eraseAttempt(record) : record
  return first ? { ...kept, batch: { id: batchId, size: went.length, deliveryId: first.delivery.id } } : kept
}

/** What was erased goes no more with the others. If it went this time, that is told with its end. */
function takeBack(
  { outbox, lanes, endpoint }: Parts,
  gone: readonly Member[],
  { log, before, attempts }: { log: BatchLog; before: BatchLog['records']; attempts: number },
): void {
  for (const { position, delivery, wasSent } of gone) {
    const state: DeliveryState = { status: 'cancelled', attempts: wasSent ? attempts : attempts - 1 }
    const own: BatchLog = wasSent ? { ...log, state } : { state, outcome: REFUSED, records: before }
    lanes.drop(position)
    outbox.add(memberLog(own, { delivery, endpointId: endpoint.id }), eventRowOf(delivery))
  }
  if (gone.length > 0) outbox.flush({ mustKeep: true })
}

function sending(attempts: number, isAgain: boolean): DeliveryState {
  return { status: 'sending', attempts, before: isAgain ? 'retrying' : 'pending' }
}

function unconfirmedRecords(batch: BatchRow, outbox: Outbox): BatchLog['records'] {
  return batch.log === '' || isLogged(batch, outbox) ? {} : (JSON.parse(batch.log) as BatchLog).records
}

/** Whether the log has all that there is to say of the batch's attempts. */
export function isLogged({ receipts }: BatchRow, outbox: Pick<Outbox, 'isConfirmed'>): boolean {
  return receipts.every((each) => outbox.isConfirmed(each))
}

function memberLog({ state, outcome, records }: BatchLog, { delivery, endpointId }: Logged): DeliveryRow {
  const { triedBefore, id } = delivery
  const numbered = Object.entries(records).map(([number, record]): [string, AttemptRecord] => [
    String(Number(number) + triedBefore),
    record.batch?.deliveryId === id ? record : withoutAnswer(record),
  ])
  const own = { ...state, attempts: state.attempts + triedBefore }
  const record = numbered.at(-1)?.[1]
  const carried = { attemptLog: Object.fromEntries(numbered) }
  return deliveryRow({ delivery, endpointId, state: own, outcome, ...(record && { record }), carried })
}

/**
 * What was sent and answered stands with the first member: a thousand copies of it would tell no more, and it may repeat
 * any of them, so that an erasure must find it.
 */
function withoutAnswer(record: AttemptRecord): AttemptRecord {
  const { responseBody: _, responseHeaders: __, responseTruncated: ___, ...rest } = record
  return { ...rest, url: '', requestHeaders: [] }
}
