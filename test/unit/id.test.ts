import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deliveryIdOf,
  firstIdAt,
  idSchema,
  newId,
  timeOfId,
  type EventId,
  type SubscriptionId,
} from '../../src/model/id.ts'

const NOW = Date.UTC(2026, 10, 22)
/** Up to the year 10889, where 48 bits of milliseconds end. */
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })

describe('ids', () => {
  it('sort by the time at which they were made, and tell it', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [first, second] = [newId('evt', a), newId('evt', b)]
        expect(timeOfId(first)).toBe(a)
        if (a !== b) expect(first < second).toBe(a < b)
        expect(firstIdAt('evt', a) <= first).toBe(true)
        expect(first < firstIdAt('evt', a + 1)).toBe(true)
      }),
    )
  })

  it('have one form, which their schema knows', () => {
    const id = newId('src', NOW)
    expect(id).toMatch(/^src_[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(idSchema('src').parse(id)).toBe(id)
    for (const wrong of [id.toLowerCase(), id.slice(0, -1), `${id}0`, id.replace('src', 'evt'), `${id}\n`]) {
      expect(idSchema('src').safeParse(wrong).success, wrong).toBe(false)
    }
  })

  it('are not made twice in a millisecond', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newId('evt', NOW))).size).toBe(10_000)
  })
})

describe('the id of a delivery', () => {
  it('is the same whoever computes it, in this version and the next', () => {
    expect(deliveryIdOf('evt_01M80RPYNMN01DDKK2RE4DYEQD', 'sub_01M80QNV1KDDNSNS26TJ7V4HD4')).toBe(
      'dlv_01M80RPYNMYAM7S9825PNRY1PV',
    )
  })

  it('keeps the time of its event', () => {
    fc.assert(
      fc.property(time, (at) => {
        const id = deliveryIdOf(newId('evt', at), newId('sub', NOW))
        expect(timeOfId(id)).toBe(at)
        expect(idSchema('dlv').safeParse(id).success).toBe(true)
      }),
    )
  })

  // Half of the ids are random as ours are, half differ in their last digits only, the worst for a hash.
  it('is another for each of a million pairs of one millisecond', () => {
    const ids = <P extends 'evt' | 'sub'>(prefix: P) => [
      ...Array.from({ length: 500 }, () => newId(prefix, NOW)),
      ...Array.from({ length: 500 }, (_, n) => `${firstIdAt(prefix, NOW).slice(0, -3)}${100 + n}` as const),
    ]
    const subscriptions = ids('sub') as SubscriptionId[]
    const whole = new Set<string>()
    const halves = [new Set<string>(), new Set<string>()] as const
    for (const event of ids('evt') as EventId[]) {
      for (const subscription of subscriptions) {
        const id = deliveryIdOf(event, subscription)
        whole.add(id)
        halves[0].add(id.slice(14, 22))
        halves[1].add(id.slice(22))
      }
    }
    expect(whole.size).toBe(1_000_000)
    // Of a million draws out of 2^40 about one pair is equal: each half is as good as chance.
    for (const half of halves) expect(half.size).toBeGreaterThan(1_000_000 - 12)
  })
})
