import type { Attempted } from '../../src/deliver/attempt.ts'
import { EndpointQueue } from '../../src/deliver/endpoint.ts'
import type { Notice } from '../../src/model/notice.ts'
import type { EndpointDeps } from '../../src/deliver/endpoint-deps.ts'
import { DeliveryStore } from '../../src/deliver/store.ts'
import type { Sql } from '../../src/db/journal.ts'
import type { AcceptBatch, AcceptItem, DeliveryRef } from '../../src/model/accept.ts'
import { utf8 } from '../../src/model/bytes.ts'
import type { DeliveryRow, LogMessage } from '../../src/model/delivery-log.ts'
import { endpointSettingsSchema, type Endpoint } from '../../src/model/endpoint.ts'
import { encodeEvent, packRecords, type Event } from '../../src/model/event.ts'
import {
  deliveryIdOf,
  newId,
  type BatchId,
  type DeliveryId,
  type SubscriptionId,
} from '../../src/model/id.ts'
import { ok } from '../../src/model/result.ts'
import { settled } from './settled.ts'

export const START = Date.UTC(2026, 10, 22)
export const SUBSCRIPTION: SubscriptionId = 'sub_01M80QNV1KDDNSNS26TJ7V4HD4'
const ENDPOINT = 'ep_01M80QNV1KPTE5FEM0N64Z4BD6'

/** What an item of a hand-over may say besides what it is. */
type Placed = { [Name in 'deliverAt' | 'aggregate']?: AcceptItem[Name] | undefined }

export interface InFlight {
  /** Of a batch: its first. */
  id: DeliveryId
  ids: DeliveryId[]
  batchId: BatchId | undefined
  attempt: number
  startedAt: number
  answer(attempted: Partial<Attempted['record']> & { outcome: Attempted['outcome'] }): Promise<void>
}

/** One endpoint's queue on a disk that survives, with a clock, a receiver and a log that the test plays. */
export class QueueWorld {
  now = START
  readonly #disk: () => Sql
  /** Also on disk: an alarm survives a crash. */
  alarmAt: number | undefined
  /** Attempts that wait for the receiver, oldest first. */
  inFlight: InFlight[] = []
  /** Every attempt that was ever started, in order. */
  readonly started: { id: DeliveryId; attempt: number; at: number; batchId: BatchId | undefined }[] = []
  /** Every request, with what was in it. */
  readonly requests: { ids: DeliveryId[]; batchId: BatchId | undefined; attempt: number; at: number }[] = []
  /** What each request was given. */
  readonly inputs: Parameters<EndpointDeps['attempt']>[0][] = []
  /** What the owner was told. */
  readonly notices: Notice[] = []
  /** Messages that were sent and neither written nor lost. */
  queued: LogMessage[] = []
  /** Segments that the queue only borrowed: after a crash they are handed over again. */
  readonly lent = new Map<number, AcceptBatch>()
  /** Of consumers that wait. */
  timers: { at: number; callback: () => void }[] = []
  /** What is made for a consumer. */
  message: EndpointDeps['message'] = ({ deliveryId, event }) =>
    Promise.resolve(ok({ headers: [['webhook-id', deliveryId]], body: event.body }))
  /** What D1 would hold, merged as the writer merges. */
  readonly log = new Map<DeliveryId, DeliveryRow>()
  #segment = 0
  #life = 0
  #version = 0
  queue: EndpointQueue

  /** `disk` is asked for at each start, for an object that was evicted gets a new handle of its storage. */
  constructor(disk: () => Sql, settings: Record<string, unknown> = {}) {
    this.#disk = disk
    this.queue = this.#boot()
    this.configure(settings)
  }

  configure(settings: Record<string, unknown>): void {
    const endpoint: Endpoint = {
      id: ENDPOINT,
      tenantId: 'default',
      settings: endpointSettingsSchema.parse({ url: 'https://receiver.example/hook', ...settings }),
      secrets: [],
      version: ++this.#version,
    }
    this.queue.configure(endpoint)
  }

  /** Hands over a segment with `count` events; returns their delivery ids. The batch can be handed over again. */
  accept(
    count: number,
    keys: readonly (string | undefined)[] = [],
    { deliverAt, aggregate, ...more }: Placed & Partial<AcceptBatch> = {},
  ): { ids: DeliveryId[]; batch: AcceptBatch } {
    const segment = ++this.#segment
    const events = Array.from({ length: count }, (_, index) => this.#event(segment, index, keys[index]))
    const batch: AcceptBatch = {
      tenantId: 'default',
      endpointId: ENDPOINT,
      endpointVersion: 1,
      intake: 'default/src_a/ordered',
      items: events.map(({ head }, index) => {
        const item = { segment, index, eventId: head.id, subscriptionId: SUBSCRIPTION, record: index }
        return { ...item, ...(deliverAt !== undefined && { deliverAt }), ...(aggregate && { aggregate }) }
      }),
      records: packRecords(events.map(encodeEvent)),
      ...more,
    }
    this.#lend(batch, this.queue.accept(batch))
    return { ids: events.map(({ head }) => deliveryIdOf(head.id, SUBSCRIPTION)), batch }
  }

  /** Hands an accepted delivery over once more, as a replay does, or as a retry by hand of one that has ended. */
  acceptAgain(
    { batch }: { batch: AcceptBatch },
    {
      index = 0,
      origin,
      ...more
    }: { index?: number; origin: string; triedBefore?: number } & Partial<AcceptBatch>,
  ): void {
    const { triedBefore = 0, ...fields } = more
    const items = batch.items.slice(index, index + 1).map((item) => ({ ...item, triedBefore }))
    this.queue.accept({ ...batch, ...fields, origin, items })
  }

  /** Rows of every kind. */
  journalRows(): number {
    const [table] = [...this.#disk().exec(`SELECT name FROM sqlite_master WHERE name GLOB 'journal_[0-9]*'`)]
    if (!table) return 0
    const [row] = [...this.#disk().exec(`SELECT count(*) AS rows FROM ${String(table.name)}`)]
    return Number(row?.rows)
  }

  /** How the API names a delivery to the object. */
  static refOf({ ids, batch }: { ids: DeliveryId[]; batch: AcceptBatch }, at = 0): DeliveryRef {
    const [id, item] = [ids[at], batch.items[at]]
    if (id === undefined || item === undefined) throw new Error(`nothing was accepted at ${at}`)
    const { segment, index, subscriptionId } = item
    return { id, subscriptionId, pointer: { intake: batch.intake, segment, index } }
  }

  /** Memory is lost: attempts in flight never come back, unsent and unwritten logs are gone. */
  crash(): void {
    this.inFlight = []
    this.queued = []
    this.queue = this.#boot()
    this.queue.drain()
    const lent = Array.from(this.lent.values())
    for (const batch of lent) this.#handOverAgain(batch)
  }

  /** As the intake does it in the end: not to be borrowed any more. */
  #handOverAgain(lent: AcceptBatch): void {
    const batch = { ...lent, mayBorrow: false }
    for (const { segment } of batch.items) this.lent.delete(segment)
    this.#lend(batch, this.queue.accept(batch))
  }

  #lend(batch: AcceptBatch, segments: readonly number[]): void {
    for (const segment of segments) this.lent.set(segment, batch)
  }

  /** D1 writes the oldest messages and confirms them. */
  writeLog(count = Infinity): void {
    for (const message of this.queued.splice(0, count)) {
      if (message.kind !== 'deliveries') continue
      for (const row of message.rows) this.#merge(row)
      this.queue.confirm([message.receipt])
    }
  }

  loseLog(): void {
    this.queued = []
  }

  /** Moves time to the alarm and fires it; false when none is set. */
  async fireAlarm(): Promise<boolean> {
    if (this.alarmAt === undefined) return false
    this.now = Math.max(this.now, this.alarmAt)
    this.alarmAt = undefined
    this.queue.arm()
    this.queue.tick()
    await settled()
    return true
  }

  #boot(): EndpointQueue {
    const life = ++this.#life
    const isDead = () => life !== this.#life
    return new EndpointQueue({
      store: new DeliveryStore(this.#disk()),
      clock: { now: () => this.now, random: () => 0.5 },
      object: ENDPOINT,
      attempt: (input) =>
        new Promise((resolve) => {
          const { deliveryId, attempt, batch } = input
          this.inputs.push(input)
          const startedAt = this.now
          const ids = batch?.items.map(({ id }) => id) ?? [deliveryId]
          const batchId = batch?.id
          for (const id of ids) this.started.push({ id, attempt, at: startedAt, batchId })
          this.requests.push({ ids, batchId, attempt, at: startedAt })
          const entry: InFlight = {
            id: deliveryId,
            ids,
            batchId,
            attempt,
            startedAt,
            answer: async ({ outcome, ...record }) => {
              if (isDead()) return
              this.inFlight = this.inFlight.filter((each) => each !== entry)
              resolve({ outcome, record: { ...blankRecord(startedAt, outcome.kind), ...record } })
              await settled()
            },
          }
          this.inFlight.push(entry)
        }),
      message: (input, endpoint) => this.message(input, endpoint),
      after: (ms, callback) => {
        const timer = { at: this.now + ms, callback }
        this.timers.push(timer)
        return () => void (this.timers = this.timers.filter((each) => each !== timer))
      },
      sendLog: (message) => {
        if (!isDead()) this.queued.push(message)
        return Promise.resolve()
      },
      notify: (notice) => {
        this.notices.push(notice)
      },
      settled: (_, segments) => {
        for (const segment of segments) this.lent.delete(segment)
      },
      wakeBy: (at) => {
        this.alarmAt = Math.min(this.alarmAt ?? Infinity, at)
      },
    })
  }

  #merge(row: DeliveryRow): void {
    const known = this.log.get(row.id)
    const attemptLog = { ...known?.attemptLog, ...row.attemptLog }
    const newer = known === undefined || row.version > known.version ? row : known
    this.log.set(row.id, { ...newer, attemptLog })
  }

  #event(segment: number, index: number, orderingKey: string | undefined): Event {
    const body = utf8(`{"segment":${segment},"index":${index}}`)
    const head: Event['head'] = {
      id: newId('evt', this.now),
      tenantId: 'default',
      sourceId: null,
      type: 'test.happened',
      receivedAt: this.now,
      contentType: 'application/json',
      metadata: {},
      ...(orderingKey !== undefined && { orderingKey }),
      bodyBytes: body.byteLength,
    }
    return { head, body }
  }
}

function blankRecord(at: number, result: string): Attempted['record'] {
  return {
    at,
    durationMs: 10,
    result,
    url: 'https://receiver.example/hook',
    method: 'POST',
    requestHeaders: [],
  }
}
