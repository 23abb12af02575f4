import { eventBytesMax, rowBytesMax } from '../model/attempt-size.ts'
import type { Clock } from '../model/clock.ts'
import type { DeliveryRow, EventRow, LogMessage } from '../model/delivery-log.ts'
import type { DeliveryId } from '../model/id.ts'
import { refill, type Bucket, type Rate } from './pace.ts'

/** A queue message may have 128,000 bytes; rows are weighed from above, and the rest is room for the envelope. */
const BATCH_BYTES_MAX = 120_000
const BATCH_ROWS_MAX = 100
/** While attempts are under way a batch waits at least so long for more rows. */
const BATCH_MS_MIN = 1_000
/** A batch that may not go at once is gathered for so long: each costs rows of counters beside its own. */
const GATHERED_MS = 12_000
/** Some may go at once, so that whoever tries something sees it; a steady trickle soon has none left. */
const AT_ONCE: Rate = { capacity: 8, perMs: 1 / GATHERED_MS }
const RESEND_MS = 30_000
const RESEND_MS_MAX = 600_000
const RESENT_AT_ONCE_MAX = 20

export interface Batch {
  receipt: number
  rows: DeliveryRow[]
  events: EventRow[]
  /** Deliveries that ended with an outcome in this batch. */
  ended: number[]
  bytes: number
  openedAt: number
}

interface Unconfirmed {
  /** Undefined once it is kept in the journal: then only its sequence number stands here. */
  batch: Batch | undefined
  seq: number | undefined
  dueAt: number
  waitMs: number
}

/**
 * How far the receipts of two lives may lie apart. Where the clock went back, time alone does not tell them apart, and
 * a confirmation meant for a batch of the life before would end another batch, which D1 does not have.
 */
const RECEIPT_GAP_MAX = 2 ** 30

export interface OutboxDeps {
  clock: Clock
  /** Sends to the log; the object's name and the receipt travel with it, so that the writer can confirm. */
  send(message: LogMessage): Promise<void>
  object: string
  /** Keeps a sealed batch in the journal if it is worth a row or `must`; returns its sequence number then. */
  keep(batch: Batch, message: LogMessage, must: boolean): number | undefined
  readKept(seq: number): LogMessage | undefined
}

/** Finished attempts on their way to D1: batched, sent, and sent again until the writer confirms. */
export class Outbox {
  readonly #deps: OutboxDeps
  readonly #unconfirmed = new Map<number, Unconfirmed>()
  #current: Batch | undefined
  #lastReceipt: number
  #isFirstReceipt = true
  #atOnce: Bucket

  constructor(deps: OutboxDeps, lastReceipt: number) {
    this.#deps = deps
    this.#atOnce = { tokens: AT_ONCE.capacity, at: deps.clock.now() }
    this.#lastReceipt = lastReceipt
  }

  get lastReceipt(): number {
    return this.#lastReceipt
  }

  get isEmpty(): boolean {
    return this.#current === undefined && this.#unconfirmed.size === 0
  }

  /** Batches in memory only, which a crash would lose: their deliveries would be repeated. */
  get unkept(): number {
    return this.#unconfirmed.size - this.keptSeqs().length
  }

  receipts(): number[] {
    return [...this.#unconfirmed.keys(), ...(this.#current ? [this.#current.receipt] : [])]
  }

  keptSeqs(): number[] {
    return [...this.#unconfirmed.values()].flatMap(({ seq }) => (seq === undefined ? [] : [seq]))
  }

  isConfirmed(receipt: number): boolean {
    return !this.#unconfirmed.has(receipt) && this.#current?.receipt !== receipt
  }

  /** Whether the delivery there has ended, and only its outcome is not durable yet. */
  isEnding(position: number): boolean {
    return this.#batches().some(({ ended }) => ended.includes(position))
  }

  /** The most attempts that an unconfirmed row of the delivery speaks of. */
  attemptsOf(id: DeliveryId): number {
    const kept = this.keptSeqs().flatMap((seq) => {
      const message = this.#deps.readKept(seq)
      return message?.kind === 'deliveries' ? message.rows : []
    })
    const rows = [...kept, ...this.#batches().flatMap((batch) => batch.rows)]
    return rows.reduce((most, row) => (row.id === id ? Math.max(most, row.attempts) : most), 0)
  }

  /** Adds an outcome and returns the receipt under which it will be confirmed. */
  add(row: DeliveryRow, event: EventRow | undefined, endedPosition?: number): number {
    const bytes = rowBytesMax(row) + (event ? eventBytesMax(event) : 0)
    const now = this.#deps.clock.now()
    if (
      this.#current &&
      (this.#current.bytes + bytes > BATCH_BYTES_MAX || this.#current.rows.length >= BATCH_ROWS_MAX)
    ) {
      this.flush()
    }
    this.#current ??= {
      receipt: this.#newReceipt(now),
      rows: [],
      events: [],
      ended: [],
      bytes: 0,
      openedAt: now,
    }
    const batch = this.#current
    batch.rows.push(row)
    if (event) batch.events.push(event)
    if (endedPosition !== undefined) batch.ended.push(endedPosition)
    batch.bytes += bytes
    return batch.receipt
  }

  /** Whether rows wait to be sent. */
  get isGathering(): boolean {
    return this.#current !== undefined
  }

  /** Sends the current batch if it has waited long enough; at once if the endpoint is idle and few went so. */
  flushIfDue({ isIdle }: { isIdle: boolean }): void {
    if (this.#current === undefined) return
    const now = this.#deps.clock.now()
    const age = now - this.#current.openedAt
    if (age >= GATHERED_MS) return this.flush()
    if (!isIdle && age < BATCH_MS_MIN) return
    const { tokens, at } = refill(this.#atOnce, AT_ONCE, now)
    if (tokens < 1) return
    this.#atOnce = { tokens: tokens - 1, at }
    this.flush()
  }

  /** `mustKeep`: durable when it returns. */
  flush({ mustKeep = false } = {}): void {
    const batch = this.#current
    if (batch === undefined) return
    this.#current = undefined
    const message = this.#message(batch)
    const entry: Unconfirmed = {
      batch,
      seq: undefined,
      dueAt: this.#deps.clock.now() + RESEND_MS,
      waitMs: RESEND_MS,
    }
    this.#unconfirmed.set(batch.receipt, entry)
    const seq = this.#deps.keep(batch, message, mustKeep)
    if (seq !== undefined) Object.assign(entry, { seq, batch: undefined })
    this.#send(message)
  }

  /** Writes down what D1 has not confirmed and is in memory only. */
  keepUnconfirmed(): void {
    for (const entry of this.#unconfirmed.values()) {
      if (entry.batch === undefined) continue
      const seq = this.#deps.keep(entry.batch, this.#message(entry.batch), true)
      if (seq !== undefined) Object.assign(entry, { seq, batch: undefined })
    }
  }

  /** Takes up a batch that an earlier life of the object kept in the journal. */
  adopt(seq: number, message: LogMessage): void {
    if (message.kind !== 'deliveries') return
    this.#unconfirmed.set(message.receipt, {
      batch: undefined,
      seq,
      dueAt: this.#deps.clock.now(),
      waitMs: RESEND_MS,
    })
  }

  /** D1 has it. Returns the deliveries that ended with it and were not kept in the journal. */
  confirm(receipt: number): number[] {
    const entry = this.#unconfirmed.get(receipt)
    this.#unconfirmed.delete(receipt)
    return entry?.batch?.ended ?? []
  }

  /** Sends again what was not confirmed in time. */
  resend(): void {
    const now = this.#deps.clock.now()
    let sent = 0
    for (const entry of this.#unconfirmed.values()) {
      if (entry.dueAt > now || sent === RESENT_AT_ONCE_MAX) continue
      entry.waitMs = Math.min(entry.waitMs * 2, RESEND_MS_MAX)
      entry.dueAt = now + entry.waitMs
      const message = entry.batch ? this.#message(entry.batch) : this.#deps.readKept(entry.seq ?? 0)
      if (message) this.#send(message)
      sent++
    }
  }

  nextDueAt(): number | undefined {
    let due: number | undefined
    for (const { dueAt } of this.#unconfirmed.values()) due = Math.min(due ?? Infinity, dueAt)
    return due
  }

  /** What is still to be told, as far as it is in memory. */
  untold(): LogMessage[] {
    return this.#batches().map((batch) => this.#message(batch))
  }

  /** Changes it. */
  amend(change: (message: LogMessage) => LogMessage): void {
    for (const batch of this.#batches()) {
      const message = change(this.#message(batch))
      if (message.kind === 'deliveries') Object.assign(batch, { rows: message.rows, events: message.events })
    }
  }

  /** In memory. */
  #batches(): Batch[] {
    const sealed = [...this.#unconfirmed.values()].flatMap(({ batch }) => batch ?? [])
    return this.#current ? [...sealed, this.#current] : sealed
  }

  /** Receipts grow, and none of an earlier life of the object is given out again, also of those that no row carries. */
  #newReceipt(now: number): number {
    const gap = this.#isFirstReceipt ? Math.floor(this.#deps.clock.random() * RECEIPT_GAP_MAX) : 0
    this.#isFirstReceipt = false
    this.#lastReceipt = Math.max(this.#lastReceipt + 1, now) + gap
    return this.#lastReceipt
  }

  #message({ receipt, rows, events }: Batch): LogMessage {
    return { kind: 'deliveries', object: this.#deps.object, receipt, events, rows }
  }

  /** A queue that refuses is no loss: the batch stays unconfirmed and is sent again. */
  #send(message: LogMessage): void {
    this.#deps.send(message).catch(() => undefined)
  }
}
