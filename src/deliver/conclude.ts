import { step, type DeliveryState } from '../model/delivery.ts'
import type { Attempted } from './attempt.ts'
import { eraseAttempt } from '../model/erasure.ts'
import { asItIsNow, isErased } from './erased.ts'
import { NEVER, type Lanes } from './lanes.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import { deliveryEventOf } from './retry.ts'
import type { StoredDelivery } from './store.ts'
import type { Waiting } from './waiting.ts'

export interface Parts extends Waiting {
  lanes: Lanes
}

export interface Ended {
  position: number
  /** Where the journal has it, for a row of its own: a delivery that was only borrowed is written down for it. */
  place(): number
  key: string | null
  delivery: StoredDelivery
  from: DeliveryState
  attempted: Attempted
}

/** Keeps what became of an attempt: a row of its own if it is due again, else its place in the outbox. Answers when it is due. */
export function conclude(parts: Parts, ended: Ended): number | undefined {
  const { store, outbox, backlog, lanes, endpoint, clock } = parts
  const { position, place, key, from } = ended
  const delivery = asItIsNow(store, ended)
  const { outcome } = ended.attempted
  const record = isErased(delivery) ? eraseAttempt(ended.attempted.record) : ended.attempted.record
  const schedule = { policy: endpoint.settings.retry, clock }
  const state = step(from, deliveryEventOf(outcome, from.attempts - delivery.triedBefore, schedule))
  const retry = lanes.get(position)
  const carried = retry && !outbox.isConfirmed(retry.receipt) ? store.retryLog(position) : undefined
  const row = deliveryRow({ delivery, endpointId: endpoint.id, state, outcome, record, carried })
  const event = from.attempts === 1 ? eventRowOf(delivery) : undefined
  const isBlocking = state.status === 'dead' && key !== null && endpoint.settings.onExhausted === 'block'
  if (state.status !== 'retrying' && !isBlocking) {
    lanes.end(position)
    outbox.add(row, event, position)
    return undefined
  }
  const receipt = outbox.add(row, event)
  const dueAt = state.status === 'retrying' ? state.dueAt : NEVER
  const at = place()
  lanes.put({ position: at, dueAt, attempts: state.attempts, receipt, key }, row)
  backlog.settle(at)
  return dueAt < NEVER ? dueAt : undefined
}
