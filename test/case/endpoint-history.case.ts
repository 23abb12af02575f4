import fc from 'fast-check'
import type { Outcome } from '../../src/model/attempt.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../../src/model/journal-class.ts'

/** What may happen to an endpoint's object. */
export type Step =
  | { do: 'accept'; keys: (string | undefined)[]; delayMs: number; class: JournalClass; isLent: boolean }
  | { do: 'tune'; concurrency: number; isLimited: boolean }
  | { do: 'repeat'; which: number }
  | { do: 'answer'; which: number; outcome: Outcome }
  | { do: 'crash' | 'alarm' | 'pause' | 'resume' | 'write log' | 'lose log' | 'write one' }
  | { do: 'wait'; ms: number }
  | { do: 'by hand'; order: 'retry' | 'cancel'; which: number; index: number }

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Outcome>({ kind: 'delivered', statusCode: 200 }) },
  {
    weight: 3,
    arbitrary: fc.constant<Outcome>({ kind: 'deferred', reason: 'server_error', statusCode: 500 }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Outcome>({ kind: 'rejected', reason: 'client_error', statusCode: 404 }),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 60_000 }).map((retryAfterMs): Outcome => {
      return { kind: 'deferred', reason: 'busy', statusCode: 429, retryAfterMs }
    }),
  },
)

const key = fc.constantFrom('a', 'b', 'c', undefined)

export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      isLent: fc.boolean(),
      keys: fc.array(key, { minLength: 1, maxLength: 12 }),
      class: fc.constantFrom(...JOURNAL_CLASSES),
      delayMs: fc.oneof(
        { weight: 5, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 40_000 }) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), which: fc.nat(20) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(5), outcome }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tune' as const),
      concurrency: fc.integer({ min: 1, max: 6 }),
      isLimited: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'alarm' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('by hand' as const),
      order: fc.constantFrom('retry' as const, 'cancel' as const),
      which: fc.nat(20),
      index: fc.nat(11),
    }),
  },
  ...(['crash', 'pause', 'resume', 'write log', 'lose log', 'write one'] as const).map((name) => ({
    weight: 1,
    arbitrary: fc.constant<Step>({ do: name }),
  })),
)
