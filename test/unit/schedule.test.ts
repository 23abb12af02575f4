import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schedule, type Facts } from '../../src/deliver/schedule.ts'
import { nextWake, SAFETY_MS, type WakeFacts } from '../../src/deliver/wake.ts'
import { NOW } from '../support/events.ts'

const time = fc.integer({ min: NOW - 100_000, max: NOW + 100_000 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const facts: fc.Arbitrary<Facts> = fc.record({
  now: fc.constant(NOW),
  state: fc.constantFrom('active', 'paused', 'disabled'),
  inFlight: fc.nat(6),
  allowance: fc.nat(6),
  openUntil: fc.oneof(fc.constant(null), time),
  tokenAt: fc.oneof(fc.constant(0), time),
  retry: maybe(fc.record({ position: fc.nat(9), dueAt: time })),
  next: maybe(fc.integer({ min: 10, max: 20 })),
  quietUntil: fc.oneof(fc.constant(0), time),
})

describe('what to send now (docs/delivery.md)', () => {
  it('breaks no invariant, whatever the facts', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { state, inFlight, allowance, openUntil, tokenAt, retry, next, quietUntil } = given
        const choice = schedule(given)
        if (choice.kind === 'wait') {
          if (choice.until !== undefined) expect(choice.until, 'no spinning').toBeGreaterThan(NOW)
          return
        }
        expect(state, 'I8').toBe('active')
        expect(Math.max(quietUntil, tokenAt, openUntil ?? 0), 'I7').toBeLessThanOrEqual(NOW)
        expect(inFlight, 'I10').toBeLessThan(allowance)
        if (choice.kind === 'retry') expect(retry?.dueAt, 'I7').toBeLessThanOrEqual(NOW)
        if (choice.kind === 'next') expect(choice.position).toBe(next)
      }),
      { numRuns: 5_000 },
    )
  })

  it('starts whatever may start, and else says when to ask again', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { state, inFlight, allowance, retry, next } = given
        const choice = schedule(given)
        if (state !== 'active' || inFlight >= allowance || choice.kind !== 'wait') return
        if (retry === undefined && next === undefined) expect(choice.until).toBeUndefined()
        else expect(choice.until, 'I4').toBeDefined()
      }),
      { numRuns: 5_000 },
    )
  })

  it('sends what is due again before what is new', () => {
    const given: Facts = {
      now: NOW,
      state: 'active',
      inFlight: 0,
      allowance: 6,
      openUntil: null,
      tokenAt: 0,
      retry: { position: 3, dueAt: NOW },
      next: 10,
      quietUntil: 0,
    }
    expect(schedule(given)).toEqual({ kind: 'retry', position: 3 })
    const later = { ...given, retry: { position: 3, dueAt: NOW + 1 } }
    expect(schedule(later)).toEqual({ kind: 'next', position: 10 })
    expect(schedule({ ...later, next: undefined })).toEqual({ kind: 'wait', until: NOW + 1 })
  })

  it('lets one probe through a half-open circuit, and nothing through an open one', () => {
    const base: Facts = {
      now: NOW,
      state: 'active',
      inFlight: 0,
      allowance: 1,
      openUntil: NOW,
      tokenAt: 0,
      retry: undefined,
      next: 10,
      quietUntil: 0,
    }
    expect(schedule(base)).toEqual({ kind: 'next', position: 10 })
    expect(schedule({ ...base, inFlight: 1 })).toEqual({ kind: 'wait', until: undefined })
    expect(schedule({ ...base, openUntil: NOW + 5 })).toEqual({ kind: 'wait', until: NOW + 5 })
  })
})

const wakeFacts: fc.Arbitrary<WakeFacts> = fc.record({
  now: fc.constant(NOW),
  isActive: fc.boolean(),
  isBusy: fc.boolean(),
  isDirty: fc.boolean(),
  retryDueAt: maybe(time),
  quietUntil: fc.oneof(fc.constant(0), time),
  resendDueAt: maybe(time),
  leaseEndsAt: maybe(time),
})

describe('when to wake (I4)', () => {
  it('is set whenever there is something to do, never in the past and never late', () => {
    fc.assert(
      fc.property(wakeFacts, (given) => {
        const { isActive, isBusy, isDirty, retryDueAt, quietUntil, resendDueAt, leaseEndsAt } = given
        const at = nextWake(given)
        const hasWork =
          (isActive && (isBusy || retryDueAt !== undefined)) ||
          isDirty ||
          resendDueAt !== undefined ||
          leaseEndsAt !== undefined
        expect(at !== undefined).toBe(hasWork)
        if (at === undefined) return
        expect(at).toBeGreaterThan(NOW)
        const late = (due: number) => Math.max(due, NOW + 1)
        if (resendDueAt !== undefined) expect(at).toBeLessThanOrEqual(late(resendDueAt))
        if (leaseEndsAt !== undefined) expect(at).toBeLessThanOrEqual(late(leaseEndsAt))
        if (isDirty) expect(at).toBeLessThanOrEqual(NOW + SAFETY_MS)
        if (isActive && isBusy) expect(at).toBeLessThanOrEqual(late(Math.max(NOW + SAFETY_MS, quietUntil)))
        if (isActive && retryDueAt !== undefined) {
          expect(at).toBeLessThanOrEqual(late(Math.max(retryDueAt, quietUntil)))
        }
      }),
      { numRuns: 5_000 },
    )
  })
})
