import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schedule, type Facts } from '../../src/deliver/schedule.ts'
import { nextWake, SAFETY_MS, type WakeFacts } from '../../src/deliver/wake.ts'
import { NOW } from '../support/events.ts'

const time = fc.integer({ min: NOW - 100_000, max: NOW + 100_000 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const facts: fc.Arbitrary<Facts> = fc.record({
  now: fc.constant(NOW),
  settings: fc.record({
    state: fc.constantFrom('active', 'paused', 'disabled'),
    ordering: fc.constantFrom('none', 'endpoint'),
    concurrency: fc.integer({ min: 1, max: 6 }),
  }),
  inFlight: fc.nat(6),
  retry: maybe(fc.record({ position: fc.nat(9), dueAt: time })),
  next: maybe(fc.integer({ min: 10, max: 20 })),
  quietUntil: fc.oneof(fc.constant(0), time),
})

describe('what to send now (docs/delivery.md)', () => {
  it('breaks no invariant, whatever the facts', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { settings, inFlight, retry, next, quietUntil } = given
        const choice = schedule(given)
        if (choice.kind === 'wait') {
          if (choice.until !== undefined) expect(choice.until, 'no spinning').toBeGreaterThan(NOW)
          return
        }
        expect(settings.state, 'I8').toBe('active')
        expect(quietUntil, 'I7').toBeLessThanOrEqual(NOW)
        expect(inFlight, 'I10').toBeLessThan(settings.concurrency)
        if (choice.kind === 'retry') expect(retry?.dueAt, 'I7').toBeLessThanOrEqual(NOW)
        if (choice.kind === 'next') expect(choice.position).toBe(next)
        if (settings.ordering === 'endpoint') {
          expect(inFlight, 'I5').toBe(0)
          if (retry) expect(choice, 'I5').toEqual({ kind: 'retry', position: retry.position })
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('starts whatever may start, and else says when to ask again', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { settings, inFlight, retry, next } = given
        const choice = schedule(given)
        const isFree = inFlight < (settings.ordering === 'endpoint' ? 1 : settings.concurrency)
        if (settings.state !== 'active' || !isFree || choice.kind !== 'wait') return
        if (retry === undefined && next === undefined) expect(choice.until).toBeUndefined()
        else expect(choice.until, 'I4').toBeDefined()
      }),
      { numRuns: 5_000 },
    )
  })

  it('sends what is due again before what is new', () => {
    const settings = { state: 'active', ordering: 'none', concurrency: 6 } as const
    const given: Facts = {
      now: NOW,
      settings,
      inFlight: 0,
      retry: { position: 3, dueAt: NOW },
      next: 10,
      quietUntil: 0,
    }
    expect(schedule(given)).toEqual({ kind: 'retry', position: 3 })
    expect(schedule({ ...given, retry: { position: 3, dueAt: NOW + 1 } })).toEqual({
      kind: 'next',
      position: 10,
    })
    const ordered = { ...settings, ordering: 'endpoint' } as const
    expect(schedule({ ...given, settings: ordered, retry: { position: 3, dueAt: NOW + 1 } })).toEqual({
      kind: 'wait',
      until: NOW + 1,
    })
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
})

describe('when to wake (I4)', () => {
  it('is set whenever there is something to do, never in the past and never late', () => {
    fc.assert(
      fc.property(wakeFacts, (given) => {
        const { isActive, isBusy, isDirty, retryDueAt, quietUntil, resendDueAt } = given
        const at = nextWake(given)
        const hasWork =
          (isActive && (isBusy || retryDueAt !== undefined)) || isDirty || resendDueAt !== undefined
        expect(at !== undefined).toBe(hasWork)
        if (at === undefined) return
        expect(at).toBeGreaterThan(NOW)
        const late = (due: number) => Math.max(due, NOW + 1)
        if (resendDueAt !== undefined) expect(at).toBeLessThanOrEqual(late(resendDueAt))
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
