import type { Outcome } from '../model/attempt.ts'
import type { BatchRow } from '../model/batch.ts'
import type { AttemptRecord, DeliveryRow } from '../model/delivery-log.ts'
import { step, type DeliveryState } from '../model/delivery.ts'
import type { EndpointId } from '../model/id.ts'
import type { Attempted } from './attempt.ts'
import { conclude, type Ended, type Parts } from './conclude.ts'
import { NEVER } from './lanes.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import type { Outbox } from './outbox.ts'
import type { Parcel } from './parcel.ts'
import { deliveryEventOf } from './retry.ts'
import type { StoredDelivery } from './store.ts'

/** Of the answer, with every member but the first. */
const ANSWER_CHARS_MAX = 1_000

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

interface Logged {
  delivery: StoredDelivery
  endpointId: EndpointId
}

/** All members have one outcome: they end together, or the batch is one row that is due again. */
function concludeBatch(
  { outbox, lanes, endpoint, clock }: Parts,
  { attempts, members, batch, batchId }: Parcel & { batch: BatchRow },
  { outcome, record }: Attempted,
): number | undefined {
  const [first] = members
  if (first === undefined || batchId === undefined) return undefined
  const schedule = { policy: endpoint.settings.retry, clock }
  const state = step(sending(attempts, attempts > 1), deliveryEventOf(outcome, attempts, schedule))
  const isKeyed = batch.members.some(([, key]) => key !== null)
  const isBlocking = state.status === 'dead' && isKeyed && endpoint.settings.onExhausted === 'block'
  const isOver = state.status !== 'retrying' && !isBlocking
  const named = { ...record, batch: { id: batchId, size: members.length, deliveryId: first.delivery.id } }
  const records = { ...unconfirmedRecords(batch, outbox), [String(attempts)]: named }
  const log: BatchLog = { state, outcome, records }
  if (isOver) for (const { position } of members) lanes.end(position)
  const receipts = new Set<number>()
  for (const { position, delivery } of members) {
    const row = memberLog(log, { delivery, endpointId: endpoint.id })
    const event = attempts === 1 && delivery.triedBefore === 0 ? eventRowOf(delivery) : undefined
    receipts.add(outbox.add(row, event, isOver ? position : undefined))
  }
  if (isOver) return undefined
  const dueAt = state.status === 'retrying' ? state.dueAt : NEVER
  lanes.putBatch(batch, { dueAt, attempts, receipts: [...receipts], log: JSON.stringify(log) })
  return dueAt < NEVER ? dueAt : undefined
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

/** Headers and answer stand with the first member: a thousand copies of them would tell no more. */
function withoutAnswer(record: AttemptRecord): AttemptRecord {
  const { responseBody, responseHeaders: _, ...rest } = record
  if (responseBody === undefined) return { ...rest, requestHeaders: [] }
  const isCut = responseBody.length > ANSWER_CHARS_MAX
  return {
    ...rest,
    requestHeaders: [],
    responseBody: responseBody.slice(0, ANSWER_CHARS_MAX),
    ...(isCut && { responseTruncated: true }),
  }
}
