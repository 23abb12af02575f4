import { describe, expect, it } from 'vitest'
import { Outbox, type Batch } from '../../src/deliver/outbox.ts'
import { deliveryRow } from '../../src/deliver/log-row.ts'
import type { AttemptRecord, DeliveryRow, LogMessage } from '../../src/model/delivery-log.ts'
import { newId } from '../../src/model/id.ts'
import { eventHead, NOW } from '../support/events.ts'

type Deliveries = Extract<LogMessage, { kind: 'deliveries' }>

function row(more: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id: newId('dlv', NOW),
    tenantId: 'default',
    eventId: newId('evt', NOW),
    eventType: 'push',
    sourceId: null,
    endpointId: 'ep_a',
    subscriptionId: 'sub_a',
    status: 'delivered',
    attempts: 1,
    statusCode: 200,
    error: null,
    durationMs: 5,
    lastAttemptAt: NOW,
    nextAttemptAt: null,
    version: 7,
    attemptLog: {},
    ...more,
  }
}

class World {
  now = NOW
  random = 0
  isQueueUp = true
  keepsFrom = Infinity
  readonly sent: Deliveries[] = []
  readonly kept = new Map<number, Deliveries>()
  outbox = this.boot(0)

  boot(lastReceipt: number): Outbox {
    this.outbox = new Outbox(
      {
        clock: { now: () => this.now, random: () => this.random },
        object: 'ep_a',
        send: (message) => {
          if (!this.isQueueUp) return Promise.reject(new Error('queue'))
          this.sent.push(message as Deliveries)
          return Promise.resolve()
        },
        keep: (batch: Batch, message) => {
          if (batch.rows.length < this.keepsFrom) return undefined
          this.kept.set(this.kept.size + 1, message as Deliveries)
          return this.kept.size
        },
        readKept: (seq) => this.kept.get(seq),
      },
      lastReceipt,
    )
    return this.outbox
  }

  get sizes(): number[] {
    return this.sent.map(({ rows }) => rows.length)
  }
}

describe('a row of the log', () => {
  it('fits a queue message with everything it carries, and keeps the newest attempts whole', () => {
    const event = { head: eventHead(), body: new Uint8Array(0) }
    const pointer = { intake: 'default/src_a/weur', segment: 1, index: 0 }
    const delivery = {
      id: newId('dlv', NOW),
      subscriptionId: 'sub_a',
      event,
      pointer,
      triedBefore: 0,
    } as const
    const record: AttemptRecord = {
      at: NOW,
      durationMs: 1,
      result: 'server_error',
      statusCode: 500,
      url: 'https://receiver.example/hook',
      method: 'POST',
      requestHeaders: Array.from({ length: 40 }, (_, n) => [`x-${n}`, 'y'.repeat(100)]),
      responseHeaders: Array.from({ length: 40 }, (_, n) => [`x-${n}`, 'z'.repeat(200)]),
      responseBody: '\0'.repeat(16_384),
    }
    let carried: DeliveryRow | undefined
    for (let attempts = 1; attempts <= 100; attempts++) {
      const state = { status: 'retrying', attempts, dueAt: NOW } as const
      carried = deliveryRow({ delivery, endpointId: 'ep_a', state, record, carried })
      expect(Object.keys(carried.attemptLog)).toHaveLength(attempts)
      const message = { kind: 'deliveries', object: 'ep_a', receipt: 1, rows: [carried] }
      expect(Buffer.byteLength(JSON.stringify(message)), `attempt ${attempts}`).toBeLessThan(120_000)
      expect(carried.attemptLog[String(attempts)]?.requestHeaders).toHaveLength(40)
    }
  })
})

describe('the outbox', () => {
  it('sends what has gathered as one message, and tells what ended with it when it is confirmed', () => {
    const { outbox, sent } = new World()
    const receipts = [
      outbox.add(row(), undefined, 11),
      outbox.add(row(), undefined),
      outbox.add(row(), undefined, 13),
    ]
    expect(new Set(receipts).size).toBe(1)
    expect(sent).toEqual([])
    outbox.flush()
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ object: 'ep_a', receipt: receipts[0] })
    expect(outbox.isConfirmed(receipts[0] ?? 0)).toBe(false)
    expect(outbox.confirm(receipts[0] ?? 0)).toEqual([11, 13])
    expect(outbox.isEmpty).toBe(true)
    expect(outbox.confirm(receipts[0] ?? 0), 'a repeat of a confirmation').toEqual([])
  })

  it('keeps each message within what a queue takes', () => {
    const world = new World()
    for (let n = 0; n < 250; n++) world.outbox.add(row(), undefined)
    world.outbox.flush()
    expect(world.sizes).toEqual([100, 100, 50])
    // What is short as text may be long as bytes.
    for (const text of ['x'.repeat(30_000), '\ufffd'.repeat(16_384), '\0'.repeat(10_000)]) {
      for (let n = 0; n < 7; n++) world.outbox.add(row({ error: text }), undefined)
    }
    world.outbox.flush()
    for (const message of world.sent) {
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(128_000)
    }
  })

  it('waits a second for more while the endpoint is busy, and no longer', () => {
    const world = new World()
    world.outbox.add(row(), undefined)
    world.now += 999
    world.outbox.flushIfDue({ isIdle: false })
    expect(world.sizes).toEqual([])
    world.now += 1
    world.outbox.flushIfDue({ isIdle: false })
    expect(world.sizes).toEqual([1])
  })

  it('sends the first few at once while the endpoint is idle, and gathers a steady trickle for twelve seconds', () => {
    const world = new World()
    for (let second = 0; second < 80; second++) {
      world.outbox.add(row(), undefined)
      world.outbox.flushIfDue({ isIdle: true })
      world.now += 1_000
    }
    expect(world.sizes.slice(0, 8)).toEqual(Array(8).fill(1))
    expect(world.sizes.slice(9).every((size) => size >= 11 && size <= 13)).toBe(true)
  })

  it('sends again until it is confirmed, less and less often, also when the queue refuses', () => {
    const world = new World()
    world.isQueueUp = false
    const receipt = world.outbox.add(row(), undefined, 1)
    world.outbox.flush()
    world.isQueueUp = true
    const waits: number[] = []
    for (let n = 0; n < 7; n++) {
      const before = world.now
      world.now = world.outbox.nextDueAt() ?? 0
      world.outbox.resend()
      waits.push((world.now - before) / 1000)
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600])
    expect(world.sent.map((message) => message.receipt)).toEqual(Array.from({ length: 7 }, () => receipt))
    expect(world.outbox.confirm(receipt)).toEqual([1])
    expect(world.outbox.nextDueAt()).toBeUndefined()
  })

  it('does not send everything again at once after a long outage', () => {
    const world = new World()
    for (let n = 0; n < 50; n++) {
      world.outbox.add(row(), undefined)
      world.outbox.flush()
    }
    world.now += 30_000
    world.outbox.resend()
    expect(world.sent).toHaveLength(50 + 20)
  })

  it('keeps a batch in the journal when it is worth a row, and takes it up in another life', () => {
    const world = new World()
    world.keepsFrom = 2
    for (let n = 0; n < 3; n++) world.outbox.add(row(), undefined, n)
    world.outbox.flush()
    world.outbox.add(row(), undefined, 9)
    world.outbox.flush()
    expect([world.outbox.keptSeqs(), world.outbox.unkept]).toEqual([[1], 1])
    const [first] = world.sent
    const { lastReceipt } = world.outbox
    const next = world.boot(lastReceipt)
    next.adopt(1, world.kept.get(1) ?? first ?? { kind: 'events', events: [] })
    next.resend()
    expect(world.sent.at(-1)).toEqual(first)
    expect(next.confirm(first?.receipt ?? 0)).toEqual([])
    expect(next.isEmpty).toBe(true)
  })

  it('never gives a receipt twice, in whatever life and with whatever clock', () => {
    const world = new World()
    const first = world.outbox.add(row(), undefined)
    world.outbox.flush()
    world.now -= 60_000
    const second = world.boot(first).add(row(), undefined)
    expect(second).toBeGreaterThan(first)
    // An eviction may forget the last receipt, when no row was written since.
    world.now = NOW + 1
    expect(world.boot(0).add(row(), undefined)).toBeGreaterThan(first)
  })

  it('takes no confirmation meant for an earlier life, also while the clock is behind', () => {
    const world = new World()
    world.now = NOW - 60_000
    world.random = 0.1
    const first = world.boot(NOW).add(row(), undefined, 1)
    world.outbox.flush()
    // A crash: no row carries the receipt, and time does not tell the lives apart.
    world.random = 0.2
    const next = world.boot(NOW)
    const second = next.add(row(), undefined, 2)
    next.flush()
    expect(next.confirm(first)).toEqual([])
    expect(next.confirm(second)).toEqual([2])
  })
})
