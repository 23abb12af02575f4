import { unreachable } from './invariant.ts'

/** The life of a delivery, specified in docs/delivery.md. `attempts` counts tries that were started. */
export type DeliveryState =
  | { status: 'pending'; attempts: number }
  | { status: 'sending'; attempts: number; before: 'pending' | 'retrying' }
  | { status: 'retrying'; attempts: number; dueAt: number }
  | { status: 'held'; attempts: number; dueAt: number }
  | { status: 'delivered'; attempts: number }
  | { status: 'dead'; attempts: number; reason: DeadReason }
  | { status: 'cancelled'; attempts: number }

export type DeadReason = 'exhausted' | 'rejected' | 'refused' | 'expired'

export type DeliveryEvent =
  | { kind: 'start' }
  | { kind: 'delivered' }
  /** `dueAt` undefined: the schedule has no further entry. */
  | { kind: 'deferred'; dueAt: number | undefined }
  | { kind: 'rejected' }
  | { kind: 'refused' }
  | { kind: 'lost'; now: number }
  | { kind: 'hold'; now: number }
  | { kind: 'release' }
  | { kind: 'expire' }
  | { kind: 'cancel' }
  | { kind: 'retry'; now: number }

/** One transition. An event that means nothing in a state leaves it as it is, so repeats are harmless. */
export function step(state: DeliveryState, event: DeliveryEvent): DeliveryState {
  switch (state.status) {
    case 'pending':
      return fromWaiting(state, event, 0)
    case 'retrying':
      return fromWaiting(state, event, state.dueAt)
    case 'sending':
      return fromSending(state, event)
    case 'held':
      return fromHeld(state, event)
    case 'delivered':
    case 'dead':
    case 'cancelled':
      return event.kind === 'retry'
        ? { status: 'retrying', attempts: state.attempts, dueAt: event.now }
        : state
    default:
      return unreachable(state, 'step')
  }
}

/** Whether nothing more will happen to the delivery by itself. */
export function hasEnded(state: DeliveryState): boolean {
  return state.status === 'delivered' || state.status === 'dead' || state.status === 'cancelled'
}

type Waiting = Extract<DeliveryState, { status: 'pending' | 'retrying' }>
type Sending = Extract<DeliveryState, { status: 'sending' }>
type Held = Extract<DeliveryState, { status: 'held' }>

function fromWaiting(state: Waiting, event: DeliveryEvent, dueAt: number): DeliveryState {
  const { attempts } = state
  if (event.kind === 'start') return { status: 'sending', attempts: attempts + 1, before: state.status }
  if (event.kind === 'hold') return { status: 'held', attempts, dueAt }
  if (event.kind === 'expire') return { status: 'dead', attempts, reason: 'expired' }
  if (event.kind === 'cancel') return { status: 'cancelled', attempts }
  if (event.kind === 'retry' && state.status === 'retrying') {
    return { status: 'retrying', attempts, dueAt: Math.min(dueAt, event.now) }
  }
  return state
}

function fromSending(state: Sending, event: DeliveryEvent): DeliveryState {
  const { attempts } = state
  if (event.kind === 'delivered') return { status: 'delivered', attempts }
  if (event.kind === 'rejected') return { status: 'dead', attempts, reason: 'rejected' }
  if (event.kind === 'refused') return { status: 'dead', attempts, reason: 'refused' }
  if (event.kind === 'deferred') {
    return event.dueAt === undefined
      ? { status: 'dead', attempts, reason: 'exhausted' }
      : { status: 'retrying', attempts, dueAt: event.dueAt }
  }
  if (event.kind === 'lost') {
    return state.before === 'pending'
      ? { status: 'pending', attempts: attempts - 1 }
      : { status: 'retrying', attempts: attempts - 1, dueAt: event.now }
  }
  return state
}

function fromHeld(state: Held, event: DeliveryEvent): DeliveryState {
  const { attempts, dueAt } = state
  if (event.kind === 'release') {
    return attempts === 0 ? { status: 'pending', attempts } : { status: 'retrying', attempts, dueAt }
  }
  if (event.kind === 'expire') return { status: 'dead', attempts, reason: 'expired' }
  if (event.kind === 'cancel') return { status: 'cancelled', attempts }
  return state
}
