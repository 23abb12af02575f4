import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasEnded, step, type DeliveryEvent, type DeliveryState } from '../../src/model/delivery.ts'
import { TABLE, type Expected } from './delivery.table.ts'

const NOW = 1_000_000
const DUE = 2_000_000

const STATES: DeliveryState[] = [
  { status: 'pending', attempts: 0 },
  { status: 'sending', attempts: 1, before: 'pending' },
  { status: 'sending', attempts: 3, before: 'retrying' },
  { status: 'retrying', attempts: 2, dueAt: DUE },
  { status: 'held', attempts: 0, dueAt: 0 },
  { status: 'held', attempts: 2, dueAt: DUE },
  { status: 'delivered', attempts: 1 },
  { status: 'dead', attempts: 3, reason: 'exhausted' },
  { status: 'cancelled', attempts: 0 },
]

const EVENTS: DeliveryEvent[] = [
  { kind: 'start' },
  { kind: 'delivered' },
  { kind: 'deferred', dueAt: DUE },
  { kind: 'deferred', dueAt: undefined },
  { kind: 'rejected' },
  { kind: 'refused' },
  { kind: 'lost', now: NOW },
  { kind: 'hold', now: NOW },
  { kind: 'release' },
  { kind: 'expire' },
  { kind: 'cancel' },
  { kind: 'retry', now: NOW },
]

const statusAfter = (
  expected: Expected,
  state: DeliveryState,
  event: DeliveryEvent,
): DeliveryState['status'] => {
  if (expected === 'same') return state.status
  if (expected === 'retrying now') return 'retrying'
  if (expected === 'retrying or dead')
    return event.kind === 'deferred' && event.dueAt === undefined ? 'dead' : 'retrying'
  if (expected !== 'as before') return expected
  if (state.status === 'sending') return state.before
  return state.attempts === 0 ? 'pending' : 'retrying'
}

describe('the life of a delivery (docs/delivery.md, Transitions)', () => {
  for (const state of STATES) {
    for (const event of EVENTS) {
      const expected = TABLE[state.status][event.kind]
      it(`${state.status} (${state.attempts} attempts) on ${event.kind}: ${expected}`, () => {
        const next = step(state, event)
        expect(next.status).toBe(statusAfter(expected, state, event))
        if (expected === 'same') expect(next).toEqual(state)
        if (expected === 'retrying now') expect(next).toMatchObject({ dueAt: NOW })
      })
    }
  }

  it('absorbs all but a retry by hand once delivered or cancelled (I11), and counts attempts only at a start', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (events) => {
        let state: DeliveryState = { status: 'pending', attempts: 0 }
        for (const event of events) {
          const next = step(state, event)
          if ((state.status === 'delivered' || state.status === 'cancelled') && event.kind !== 'retry')
            expect(next).toEqual(state)
          if (event.kind === 'start' && next.status === 'sending' && state.status !== 'sending')
            expect(next.attempts).toBe(state.attempts + 1)
          else if (event.kind !== 'lost') expect(next.attempts).toBe(state.attempts)
          if (hasEnded(state) && event.kind !== 'retry') expect(hasEnded(next)).toBe(true)
          state = next
        }
      }),
    )
  })
})
