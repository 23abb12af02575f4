import { describe, expect, it } from 'vitest'
import { billedText } from '../../src/api/billed-text.ts'
import { ActiveTime } from '../../src/meter/active-time.ts'
import { Meter } from '../../src/meter/meter.ts'
import { meteredQueue, operationsOfReading } from '../../src/meter/queue.ts'
import type { Bill } from '../../src/model/bill.ts'

function meterAt(start: number, chance = 0.5) {
  const world = { now: start, told: [] as Bill[] }
  const meter = new Meter({
    now: () => world.now,
    random: () => chance,
    tell: (bill) => void world.told.push(bill),
  })
  return { meter, world }
}

describe('the meter', () => {
  it('adds up what its counters count', () => {
    const { meter } = meterAt(0)
    meter.counter(1)?.('log', 'd1RowsWritten', 2)
    meter.counter(1)?.('log', 'd1RowsWritten', 3)
    expect(meter.bill()).toEqual([{ part: 'log', operation: 'd1RowsWritten', count: 5 }])
  })

  it('lets a counter of a sample stand for those that do not count', () => {
    const { meter } = meterAt(0, 0.05)
    meter.counter(0.1)?.('log', 'd1RowsWritten', 2)
    expect(meter.bill()[0]?.count).toBe(20)
    expect(meterAt(0, 0.5).meter.counter(0.1)).toBeUndefined()
  })

  it.each([0, Number.NaN, -1])('counts nothing at a share of %d', (share) => {
    expect(meterAt(0, 0).meter.counter(share)).toBeUndefined()
  })

  it('tells once a minute what came since it last did', () => {
    const { meter, world } = meterAt(0)
    const count = meter.counter(1)
    count?.('worker', 'workerRequests', 1)
    world.now = 60_000
    count?.('worker', 'workerRequests', 1)
    count?.('worker', 'workerRequests', 1)
    world.now = 120_000
    count?.('worker', 'workerRequests', 1)
    expect(world.told.map((bill) => bill.map((item) => item.count))).toEqual([[2], [2]])
  })

  it('is read as counters of Prometheus', () => {
    expect(billedText([{ part: 'log', operation: 'd1RowsWritten', count: 5 }])).toBe(
      [
        '# HELP hookway_billed_d1_rows_written_total What this isolate has caused to be billed.',
        '# TYPE hookway_billed_d1_rows_written_total counter',
        'hookway_billed_d1_rows_written_total{part="log"} 5',
        '',
      ].join('\n'),
    )
    expect(billedText([])).toBe('')
  })
})

describe('the time in which an object is active', () => {
  it('is counted once however much is under way', async () => {
    let now = 0
    const told: number[] = []
    const active = new ActiveTime(
      () => now,
      (ms) => told.push(ms),
    )
    const receiver = Promise.withResolvers<void>()
    const waiting = active.during(() => receiver.promise)
    now = 100
    active.during(() => {})
    const end = active.begin()
    now = 300
    receiver.resolve()
    await waiting
    expect(told).toEqual([])
    now = 350
    end()
    end()
    now = 900
    active.during(() => {
      now = 905
    })
    expect(told).toEqual([350, 5])
  })

  it('is told now and then of an object that is never idle', () => {
    let now = 0
    const told: number[] = []
    const active = new ActiveTime(
      () => now,
      (ms) => told.push(ms),
    )
    active.begin()
    for (now = 400; now <= 2_400; now += 400) active.during(() => {})
    expect(told).toEqual([1_200, 1_200])
  })

  it('ends with a failure, too', async () => {
    const told: number[] = []
    const active = new ActiveTime(
      () => 0,
      (ms) => told.push(ms),
    )
    expect(() =>
      active.during(() => {
        throw new Error('at once')
      }),
    ).toThrow('at once')
    await expect(active.during(() => Promise.reject(new Error('late')))).rejects.toThrow('late')
    expect(told).toEqual([0, 0])
  })
})

describe('a message of a queue', () => {
  it.each([
    ['small', 10, 3],
    ['of over 64 KB', 70_000, 6],
  ])('that is %s is written, read and deleted by the piece', async (_, chars, operations) => {
    let counted = 0
    const sent: string[] = []
    const queue = { send: async (body: string) => void sent.push(body) }
    const metered = meteredQueue(queue, (more) => (counted += more))
    const body = 'x'.repeat(chars)
    await metered.send(body)
    counted += operationsOfReading(batchOf('hookway-log', sent))
    expect({ counted, sent }).toEqual({ counted: operations, sent: [body] })
  })

  it('is written again when it is given up, and read and deleted there', () => {
    expect(operationsOfReading(batchOf('hookway-dead', ['x']))).toBe(3)
  })
})

const batchOf = (queue: string, bodies: string[]) => ({ queue, messages: bodies.map((body) => ({ body })) })
