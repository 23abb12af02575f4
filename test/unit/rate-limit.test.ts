import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateHeaders, take } from '../../src/model/rate-limit.ts'

const limit = { limit: 3, periodSeconds: 60 }

/** The verdicts on requests at these milliseconds. */
function verdicts(times: readonly number[], of = limit) {
  let fullAt = 0
  return times.map((now) => {
    const taken = take(of, fullAt, now)
    fullAt = taken.fullAt
    return taken.verdict
  })
}

describe('a limited source', () => {
  it('takes a burst as large as its limit, then one for each share of the period', () => {
    const allowed = verdicts([0, 0, 0, 0, 19_999, 20_000, 20_001]).map(({ isAllowed }) => isAllowed)
    expect(allowed).toEqual([true, true, true, false, false, true, false])
  })

  it('says how many are left and when the next may come', () => {
    const [first, , third, refused] = verdicts([0, 0, 0, 5_000])
    expect([first?.remaining, first?.seconds]).toEqual([2, 20])
    expect([third?.remaining, third?.seconds]).toEqual([0, 60])
    expect(refused).toEqual({ isAllowed: false, remaining: 0, seconds: 15 })
    expect(rateHeaders(limit, { isAllowed: true, remaining: 2, seconds: 20 })).toEqual({
      'ratelimit-policy': '"source";q=3;w=60',
      ratelimit: '"source";r=2;t=20',
    })
  })

  it('is not locked for longer than a period when the clock goes back', () => {
    const { fullAt } = take(limit, 1e12, 0)
    expect(take(limit, fullAt, 60_000).verdict.isAllowed).toBe(true)
  })

  it('lets through at most its limit and what refills, however requests come', () => {
    const settings = fc.record({
      limit: fc.integer({ min: 1, max: 50 }),
      periodSeconds: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(settings, fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }), (of, gaps) => {
        let now = 1_760_000_000_000
        const times = gaps.map((gap) => (now += gap))
        const allowed = verdicts(times, of).filter(({ isAllowed }) => isAllowed).length
        const span = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (of.periodSeconds * 1000)
        expect(allowed).toBeLessThanOrEqual(Math.floor(of.limit * (1 + span) + 1e-6))
        expect(allowed).toBeGreaterThanOrEqual(Math.min(of.limit, times.length))
      }),
    )
  })
})
