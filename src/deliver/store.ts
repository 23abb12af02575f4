import { Journal, type Sql } from '../db/journal.ts'
import type { AcceptBatch } from '../model/accept.ts'
import { concat, text, utf8 } from '../model/bytes.ts'
import type { DeliveryRow, LogMessage } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { decodeEvent, packRecords, unpackRecords, type Event } from '../model/event.ts'
import { deliveryIdOf, type DeliveryId, type SubscriptionId } from '../model/id.ts'
import { fromRanges, toRanges, type Ranges } from '../model/ranges.ts'

/** A position is the row's sequence number and the index in the row, as one number that sorts. */
const ITEMS_PER_ROW_MAX = 10_000
/** Rows kept parsed: the head of the journal, and those that retries refer to. */
const ROWS_CACHED_MAX = 8
/** Hand-overs remembered to recognise repeats: of the newest rows. */
const ORIGIN_ROWS_MAX = 20_000

/** Progress, as it is written with every row of the journal. */
export interface Checkpoint {
  /** Every position below it is settled, but for those in `open`. */
  next: number
  open: Ranges
  /** Rows of outcomes that D1 has not confirmed. */
  outcomes: Ranges
  /** The last receipt given out, and those that D1 has not confirmed. */
  receipt: number
  unconfirmed: number[]
  quietUntil: number
  /** Deliveries below it are in D1, at least as pending. */
  announced: number
}

export interface StoredDelivery {
  id: DeliveryId
  subscriptionId: SubscriptionId
  event: Event
  pointer: { intake: string; segment: number; index: number }
}

export interface RetryRow {
  position: number
  dueAt: number
  attempts: number
  receipt: number
}

interface AcceptedRow {
  seq: number
  intake: string
  items: [segment: number, index: number, subscriptionId: SubscriptionId, record: number][]
  records: Uint8Array[]
}

/** All that an endpoint object keeps, and all of its SQL. */
export class DeliveryStore {
  readonly #sql: Sql
  readonly #journal: Journal
  readonly #rows = new Map<number, AcceptedRow>()
  #written: string

  constructor(sql: Sql) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS endpoint (id INTEGER PRIMARY KEY, settings TEXT NOT NULL)')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS retry (position INTEGER PRIMARY KEY, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, receipt INTEGER NOT NULL, log TEXT NOT NULL)',
    )
    this.#journal = new Journal(sql)
    this.#written = this.#journal.lastCheckpoint() ?? ''
  }

  loadEndpoint(): Endpoint | undefined {
    const [row] = [...this.#sql.exec('SELECT settings FROM endpoint WHERE id = 1')]
    return row && (JSON.parse(String(row.settings)) as Endpoint)
  }

  saveEndpoint(endpoint: Endpoint): void {
    const settings = JSON.stringify(endpoint)
    this.#sql.exec(
      'INSERT INTO endpoint (id, settings) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET settings = excluded.settings',
      settings,
    )
  }

  checkpoint(): Checkpoint | undefined {
    return this.#written === '' ? undefined : (JSON.parse(this.#written) as Checkpoint)
  }

  /** The position that the next accepted delivery gets at the least. */
  get endPosition(): number {
    return this.#journal.nextSeq * ITEMS_PER_ROW_MAX
  }

  get nextSeq(): number {
    return this.#journal.nextSeq
  }

  /** One row for the whole batch. */
  appendAccepted(batch: AcceptBatch, checkpoint: Checkpoint, now: number): void {
    const { intake, items } = batch
    const compact = items.map(({ segment, index, subscriptionId, record }) => [
      segment,
      index,
      subscriptionId,
      record,
    ])
    const head = utf8(JSON.stringify({ intake, items: compact }))
    const label = JSON.stringify([intake, toRanges(items.map(({ segment }) => segment))])
    this.#append({ kind: 'accepted', label, data: packRecords([head, batch.records]) }, checkpoint, now)
  }

  appendOutcomes(message: LogMessage, checkpoint: Checkpoint, now: number): void {
    this.#append({ kind: 'outcomes', data: utf8(JSON.stringify(message)) }, checkpoint, now)
  }

  /** Progress alone: one row, or none when it is already written. */
  mark(checkpoint: Checkpoint, now: number): void {
    if (JSON.stringify(checkpoint) !== this.#written) this.#append({ kind: 'mark' }, checkpoint, now)
  }

  readOutcomes(seq: number): LogMessage | undefined {
    const row = this.#journal.read(seq)
    return row?.kind === 'outcomes' ? (JSON.parse(text(row.data)) as LogMessage) : undefined
  }

  /** The first accepted position at or after the given one. */
  positionFrom(position: number): number | undefined {
    const [seq, index] = split(position)
    const row = this.#rows.get(seq) ?? (index > 0 ? this.#row(seq) : undefined)
    if (row && index < row.items.length) return position
    const next = this.#journal.nextOfKind('accepted', index > 0 || row ? seq + 1 : seq)
    if (next === undefined) return undefined
    this.#cache(parseAccepted(next.seq, next.data))
    return next.seq * ITEMS_PER_ROW_MAX
  }

  delivery(position: number): StoredDelivery | undefined {
    const [seq, at] = split(position)
    const row = this.#row(seq)
    const item = row?.items[at]
    const record = row?.records[item?.[3] ?? -1]
    if (!row || !item || !record) return undefined
    const [segment, index, subscriptionId] = item
    const event = decodeEvent(record)
    const pointer = { intake: row.intake, segment, index }
    return { id: deliveryIdOf(event.head.id, subscriptionId), subscriptionId, event, pointer }
  }

  /** Which hand-overs the newest rows hold. */
  *origins(): Iterable<{ seq: number; intake: string; segment: number }> {
    const from = Math.max(this.#journal.firstSeq, this.#journal.nextSeq - ORIGIN_ROWS_MAX)
    for (const { seq, label } of this.#journal.labels('accepted', from)) {
      const [intake, segments] = JSON.parse(label) as [string, Ranges]
      for (const segment of fromRanges(segments)) yield { seq, intake, segment }
    }
  }

  /** The items of a row as keys, to tell which part of a repeated hand-over is new. */
  itemKeys(seq: number): string[] {
    const row = this.#row(seq)
    return row
      ? row.items.map(([segment, index, subscriptionId]) =>
          itemKey({ intake: row.intake, segment, index, subscriptionId }),
        )
      : []
  }

  *retries(): Iterable<RetryRow> {
    for (const row of this.#sql.exec('SELECT position, due_at, attempts, receipt FROM retry')) {
      const [position, dueAt] = [Number(row.position), Number(row.due_at)]
      yield { position, dueAt, attempts: Number(row.attempts), receipt: Number(row.receipt) }
    }
  }

  /** What the log must still be told about a retry. */
  retryLog(position: number): DeliveryRow | undefined {
    const [row] = [...this.#sql.exec('SELECT log FROM retry WHERE position = ?', position)]
    return row && (JSON.parse(String(row.log)) as DeliveryRow)
  }

  putRetry({ position, dueAt, attempts, receipt }: RetryRow, log: DeliveryRow): void {
    this.#sql.exec(
      'INSERT INTO retry (position, due_at, attempts, receipt, log) VALUES (?, ?, ?, ?, ?) ON CONFLICT (position) DO UPDATE SET due_at = excluded.due_at, attempts = excluded.attempts, receipt = excluded.receipt, log = excluded.log',
      position,
      dueAt,
      attempts,
      receipt,
      JSON.stringify(log),
    )
  }

  deleteRetry(position: number): void {
    this.#sql.exec('DELETE FROM retry WHERE position = ?', position)
  }

  /** Drops whole days that are older than the retention and that nothing refers to. */
  retain({ before, keepFromPosition }: { before: number; keepFromPosition: number }): void {
    this.#journal.drop({ before, keepFromSeq: split(keepFromPosition)[0] })
  }

  #append(
    row: { kind: string; label?: string; data?: Uint8Array },
    checkpoint: Checkpoint,
    now: number,
  ): void {
    const written = JSON.stringify(checkpoint)
    this.#journal.append({ ...row, checkpoint: written }, now)
    this.#written = written
  }

  #row(seq: number): AcceptedRow | undefined {
    const known = this.#rows.get(seq)
    if (known) return known
    const stored = this.#journal.read(seq)
    if (stored?.kind !== 'accepted') return undefined
    return this.#cache(parseAccepted(seq, stored.data))
  }

  #cache(row: AcceptedRow): AcceptedRow {
    this.#rows.set(row.seq, row)
    const [oldest] = this.#rows.keys()
    if (this.#rows.size > ROWS_CACHED_MAX && oldest !== undefined) this.#rows.delete(oldest)
    return row
  }
}

export function itemKey(item: {
  intake: string
  segment: number
  index: number
  subscriptionId: SubscriptionId
}): string {
  return `${item.intake} ${item.segment} ${item.index} ${item.subscriptionId}`
}

function split(position: number): [seq: number, index: number] {
  return [Math.floor(position / ITEMS_PER_ROW_MAX), position % ITEMS_PER_ROW_MAX]
}

function parseAccepted(seq: number, data: Uint8Array): AcceptedRow {
  const [head, records] = unpackRecords(data)
  const { intake, items } = JSON.parse(text(head ?? concat([]))) as Pick<AcceptedRow, 'intake' | 'items'>
  return { seq, intake, items, records: unpackRecords(records ?? concat([])) }
}
