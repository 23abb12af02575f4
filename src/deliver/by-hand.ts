import type { AcceptBatch, DeliveryRef } from '../model/accept.ts'
import type { DeliveryRow, EventRow } from '../model/delivery-log.ts'
import type { DeliveryState } from '../model/delivery.ts'
import type { ByHand } from '../model/rpc.ts'
import { isLogged, memberLogOf } from './conclude-batch.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import type { Loans } from './loans.ts'
import type { Parts } from './conclude.ts'
import { oldestNeeded } from './recover.ts'
import { withItems } from './repeats.ts'
import { keyOf } from './accepted-row.ts'

/** Deliveries that left the journal before their turn: each stands in every checkpoint until the journal is read so far. */
const LEFT_MAX = 1_000

export interface Hands extends Parts {
  keyOf(position: number): string | null
  isInFlight(position: number): boolean
  loans: Loans
}

/** What a person orders; undefined hands: no delivery is here yet. */
export function orderByHand(
  hands: Hands | undefined,
  what: 'retry' | 'cancel',
  delivery: DeliveryRef,
): ByHand {
  if (hands === undefined) return { kind: 'absent', attempts: 0 }
  return what === 'retry' ? retryByHand(hands, delivery) : cancelByHand(hands, delivery)
}

/**
 * Makes a waiting delivery due now, ahead of what the journal still holds. What is kept back by the order of its key
 * stays where it is.
 */
function retryByHand(hands: Hands, delivery: DeliveryRef): ByHand {
  const { store, outbox, backlog, lanes } = hands
  const now = hands.clock.now()
  const position = findWaiting(hands, delivery)
  if (position === undefined) return { kind: 'absent', attempts: outbox.attemptsOf(delivery.id) }
  if (hands.isInFlight(position)) return { kind: 'sending' }
  if (backlog.hasten(position)) return { kind: 'done' }
  const row = lanes.get(position)
  if (row === undefined && hands.keyOf(position) === null) {
    if (backlog.leftCount >= LEFT_MAX) return { kind: 'full' }
    backlog.leave(position)
    lanes.park(position, null)
  } else if (row !== undefined && row.dueAt > now) {
    const { attempts } = row
    const log = logOf(
      hands,
      position,
      attempts === 0 ? { status: 'pending', attempts } : { status: 'retrying', attempts, dueAt: now },
    )
    const receipt = log ? outbox.add(log.row, log.event) : row.receipt
    const batch = lanes.batches.of(position)
    if (batch) lanes.putBatch(batch, { dueAt: now, receipts: [...batch.receipts, receipt] })
    else lanes.put({ ...row, dueAt: now, receipt }, log?.row ?? store.retryLog(position))
  }
  return { kind: 'done' }
}

/** Takes a waiting delivery back: durable when it returns, and the next of its key may start. */
function cancelByHand(hands: Hands, delivery: DeliveryRef): ByHand {
  const { outbox } = hands
  const position = findWaiting(hands, delivery)
  if (position === undefined) return { kind: 'absent', attempts: outbox.attemptsOf(delivery.id) }
  const done = cancelAt(hands, position)
  if (done.kind === 'done') outbox.flush({ mustKeep: true })
  return done
}

/** Of one that waits. Durable once the outbox is flushed. */
export function cancelAt(hands: Hands, position: number): ByHand {
  const { store, outbox, backlog, lanes } = hands
  if (hands.isInFlight(position)) return { kind: 'sending' }
  if (backlog.leftCount >= LEFT_MAX) return { kind: 'full' }
  const row = lanes.get(position)
  const attempts = Math.max(row?.attempts ?? 0, store.delivery(position)?.triedBefore ?? 0)
  const log = logOf(hands, position, { status: 'cancelled', attempts })
  backlog.leave(position)
  lanes.drop(position)
  const key = row?.key ?? null
  if (key !== null && lanes.isFree(key)) backlog.release(key)
  if (log) outbox.add(log.row, log.event)
  return { kind: 'done' }
}

/** Without what still waits here or is in flight: to hand that over again would send it twice. */
export function withoutWaiting(waiting: WaitingIn, batch: AcceptBatch): AcceptBatch | undefined {
  const { intake } = batch
  const refs = batch.items.map(({ segment, index, subscriptionId }) => {
    return { subscriptionId, pointer: { intake, segment, index } }
  })
  const positions = waiting.store.positionsOf(refs, oldestNeeded(waiting))
  const items = batch.items.filter((_, at) => {
    const ref = refs[at]
    return !ref || !positions.get(keyOf(ref))?.some((each) => isWaiting(waiting, each))
  })
  return items.length === 0 ? undefined : withItems(batch, items)
}

type WaitingIn = Pick<Hands, 'store' | 'outbox' | 'backlog' | 'lanes'>

/** Where the delivery waits or is in flight; undefined: it has ended, or was never here. */
function findWaiting(waiting: WaitingIn, delivery: DeliveryRef): number | undefined {
  const positions = waiting.store.positionsOf([delivery], oldestNeeded(waiting)).get(keyOf(delivery)) ?? []
  return positions.find((each) => isWaiting(waiting, each))
}

export function isWaiting({ outbox, backlog, lanes }: WaitingIn, position: number): boolean {
  return (lanes.get(position) !== undefined || backlog.has(position)) && !outbox.isEnding(position)
}

/** Undefined: the journal no longer holds it, so there is nothing to tell. */
function logOf(
  { store, outbox, lanes, endpoint }: Hands,
  position: number,
  state: DeliveryState,
): { row: DeliveryRow; event: EventRow } | undefined {
  const delivery = store.delivery(position)
  if (delivery === undefined) return undefined
  const retry = lanes.get(position)
  const batch = lanes.batches.of(position)
  const told =
    batch && !isLogged(batch, outbox) ? memberLogOf(batch, { delivery, endpointId: endpoint.id }) : undefined
  const carried = retry && !outbox.isConfirmed(retry.receipt) ? (told ?? store.retryLog(position)) : undefined
  const row = deliveryRow({ delivery, endpointId: endpoint.id, state, carried, isByHand: true })
  return { row, event: eventRowOf(delivery) }
}
