import { describe, expect, it } from 'vitest'
import {
  billSince,
  chargesOf,
  marginalDollars,
  monthlyDollars,
  type Bill,
  type Operation,
} from '../../src/model/bill.ts'

const bill = (counts: Partial<Record<Operation, number>>): Bill =>
  Object.entries(counts).map(([operation, count]) => ({
    part: 'worker',
    operation: operation as Operation,
    count,
  }))

/** One event: a request, a message in batches of ten, a call and an alarm, three rows and one of the alarm, four of a log. */
const NAIVE = bill({
  workerRequests: 1.1,
  cpuMs: 3,
  queueOperations: 3,
  objectCalls: 1,
  alarmsFired: 1,
  activeMs: 310,
  objectRowsWritten: 3,
  alarmsSet: 1,
  d1RowsWritten: 4,
})

/** One event in a design without a queue: an alarm for ten, one row inserted and deleted, 25 attempts in a row of the log. */
const lean = (counts: Partial<Record<Operation, number>>): Bill =>
  bill({
    workerRequests: 1,
    cpuMs: 2,
    objectCalls: 1,
    alarmsFired: 0.1,
    activeMs: 305,
    objectRowsWritten: 2,
    alarmsSet: 0.1,
    d1RowsWritten: 0.08,
    ...counts,
  })

/** The examples count a data point for analytics as well, which nothing here writes. */
const DATA_POINT = 0.25

describe('the price of an event', () => {
  it('is what the price list makes of a naive design', () => {
    expect(marginalDollars(NAIVE, 1)).toBeCloseTo(10.39, 2)
  })

  it('falls with rows and waiting as in the worked examples', () => {
    expect(marginalDollars(lean({}), 1) + DATA_POINT).toBeCloseTo(3.42, 2)
    const sixAtOnce = { activeMs: 305 / 5.5 }
    expect(marginalDollars(lean(sixAtOnce), 1) + DATA_POINT).toBeCloseTo(3.02, 2)
    expect(marginalDollars(lean({ ...sixAtOnce, objectRowsWritten: 1 }), 1) + DATA_POINT).toBeCloseTo(2.02, 2)
  })

  it('counts waiting in an object by the second', () => {
    expect(marginalDollars(bill({ activeMs: 1_000 }), 1)).toBeCloseTo(1.6, 10)
  })

  it('is the same for one event as for the thousand that were counted', () => {
    const thousand = NAIVE.map((item) => ({ ...item, count: item.count * 1_000 }))
    expect(marginalDollars(thousand, 1_000)).toBeCloseTo(marginalDollars(NAIVE, 1), 10)
  })
})

describe('the invoice of a month', () => {
  it.each([
    [1e6, 5.95],
    [10e6, 19.75],
    [100e6, 934],
  ])('of %d events has the allowances taken off', (inMonth, dollars) => {
    expect(monthlyDollars(NAIVE, { events: 1, inMonth })).toBeCloseTo(dollars, dollars > 100 ? 0 : 2)
  })

  it('takes an allowance once for all that is billed under one line', () => {
    const rows = bill({ objectRowsWritten: 30, alarmsSet: 30 })
    expect(monthlyDollars(rows, { events: 1, inMonth: 1e6 })).toBeCloseTo(15, 10)
  })

  it('is never under the base price', () => {
    expect(monthlyDollars([], { events: 1, inMonth: 1e6 })).toBe(5)
  })
})

describe('the items of a bill', () => {
  it('come with their price and share, the dearest first', () => {
    const [dearest, next] = chargesOf(bill({ objectCalls: 20, d1RowsWritten: 9 }), 1)
    expect(dearest).toMatchObject({ operation: 'd1RowsWritten', perEvent: 9, perMillion: 9, share: 0.75 })
    expect(next).toMatchObject({ operation: 'objectCalls', share: 0.25 })
  })

  it('are what came between two readings', () => {
    const before = bill({ objectCalls: 5, cpuMs: 7 })
    expect(billSince(before, bill({ objectCalls: 8, cpuMs: 7, r2Reads: 1 }))).toEqual(
      bill({ objectCalls: 3, r2Reads: 1 }),
    )
  })
})
