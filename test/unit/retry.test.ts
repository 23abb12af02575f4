import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DueQueue } from '../../src/deliver/due-queue.ts'
import { delayMsOf, nextDueAt } from '../../src/deliver/retry.ts'
import { retrySchema, type RetryPolicy } from '../../src/model/endpoint.ts'
import { NOW } from '../support/events.ts'

const waitsOf = (policy: RetryPolicy) => {
  const waits: number[] = []
  for (let attempt = 1; ; attempt++) {
    const ms = delayMsOf(policy, attempt)
    if (ms === undefined) return waits
    waits.push(ms / 1000)
  }
}

const policy: fc.Arbitrary<RetryPolicy> = fc.oneof(
  fc.record({ preset: fc.constantFrom('standard', 'crm', 'none') }),
  fc.record({
    scheduleSeconds: fc.array(fc.double({ min: 0, max: 604_800, noNaN: true }), {
      minLength: 1,
      maxLength: 20,
    }),
  }),
  fc.record({
    strategy: fc.constantFrom('exponential', 'linear'),
    initialSeconds: fc.double({ min: 0, max: 86_400, noNaN: true }),
    maxSeconds: fc.double({ min: 1, max: 604_800, noNaN: true }),
    attempts: fc.integer({ min: 1, max: 100 }),
  }),
)

describe('a schedule', () => {
  it.each([
    [{ preset: 'standard' }, [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]],
    [{ preset: 'crm' }, [0, 60, 300]],
    [{ preset: 'none' }, [0]],
    [{ scheduleSeconds: [3, 1, 0.5] }, [3, 1, 0.5]],
    [{ strategy: 'linear', initialSeconds: 10, maxSeconds: 25, attempts: 5 }, [0, 10, 20, 25, 25]],
    [{ strategy: 'exponential', initialSeconds: 5, maxSeconds: 30, attempts: 5 }, [0, 5, 10, 20, 30]],
    [{ strategy: 'exponential' }, [0, 5, 10, 20, 40, 80, 160, 320, 640, 1280]],
  ])('%j waits %j seconds', (given, seconds) => {
    expect(waitsOf(retrySchema.parse(given))).toEqual(seconds)
  })

  it('never comes early, stays within its jitter, and honours a later Retry-After in full', () => {
    fc.assert(
      fc.property(
        policy,
        fc.integer({ min: 1, max: 99 }),
        fc.option(fc.nat(86_400_000), { nil: undefined }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (given, attempts, retryAfterMs, chance) => {
          const delayMs = delayMsOf(given, attempts + 1)
          const at = nextDueAt({ policy: given, attempts, now: NOW, retryAfterMs, random: () => chance })
          expect(at === undefined).toBe(delayMs === undefined)
          if (delayMs === undefined) return
          const least = NOW + Math.max(delayMs, retryAfterMs ?? 0)
          expect(at).toBeGreaterThanOrEqual(least)
          expect(at).toBeLessThanOrEqual(Math.ceil(least + delayMs * 0.1))
          expect(Number.isSafeInteger(at)).toBe(true)
        },
      ),
    )
  })
})

describe('what is due', () => {
  it('comes in the order of time, and of acceptance where times are equal', () => {
    const queue = new DueQueue()
    for (const [position, dueAt] of [
      [5, 20],
      [3, 10],
      [9, 10],
      [1, 20],
    ] as const) {
      queue.set(position, dueAt)
    }
    const order: number[] = []
    for (let first = queue.peek(); first; first = queue.peek()) {
      order.push(first.position)
      queue.delete(first.position)
    }
    expect(order).toEqual([3, 9, 1, 5])
    expect(queue.size).toBe(0)
  })

  it('is what a plain search would find, after any changes', () => {
    const change = fc.record({ position: fc.nat(12), dueAt: fc.option(fc.nat(6), { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
        const queue = new DueQueue()
        const plain = new Map<number, number>()
        for (const { position, dueAt } of changes) {
          if (dueAt === undefined) {
            queue.delete(position)
            plain.delete(position)
          } else {
            queue.set(position, dueAt)
            plain.set(position, dueAt)
          }
          const [first] = [...plain].toSorted((a, b) => a[1] - b[1] || a[0] - b[0])
          expect(queue.peek()).toEqual(first && { position: first[0], dueAt: first[1] })
          expect(queue.size).toBe(plain.size)
        }
      }),
      { numRuns: 500 },
    )
  })
})
