import { BatchRows } from '../db/batch-rows.ts'
import { Journal, type Sql } from '../db/journal.ts'
import type { AcceptBatch, DeliveryRef } from '../model/accept.ts'
import type { Aggregation } from '../model/batch.ts'
import { text, utf8 } from '../model/bytes.ts'
import type { DeliveryRow, LogMessage } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { decodeEvent, packRecords, type Event } from '../model/event.ts'
import { deliveryIdOf, type DeliveryId, type SubscriptionId } from '../model/id.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../model/journal-class.ts'
import { fromRanges, toRanges, type Ranges } from '../model/ranges.ts'
import { ACCEPTED, classOf, itemKey, keyOf, kindOf, parseAccepted, type AcceptedRow } from './accepted-row.ts'
import { firstAtLeast } from './ascending.ts'
import type { BacklogState } from './backlog.ts'
import type { GateState } from './gate.ts'
import type { LeasesState } from './leases.ts'

/** A position is the row's sequence number and the index in the row, as one number that sorts. */
const ITEMS_PER_ROW_MAX = 10_000
/** Rows kept parsed: the head of the journal, and those that retries refer to. */
const ROWS_CACHED_MAX = 8
/** Hand-overs remembered to recognise repeats: of the newest rows. */
const ORIGIN_ROWS_MAX = 20_000

/** Progress, as it is written with every row of the journal. */
export interface Checkpoint extends GateState, LeasesState {
  backlog: BacklogState
  /** Rows of outcomes that D1 has not confirmed. */
  outcomes: Ranges
  /** The last receipt given out, and those that D1 has not confirmed. */
  receipt: number
  unconfirmed: number[]
  /** Deliveries of a class below it are in D1, at least as pending. */
  announced: Record<JournalClass, number>
}

export interface StoredDelivery {
  id: DeliveryId
  subscriptionId: SubscriptionId
  event: Event
  pointer: { intake: string; segment: number; index: number }
  /** Attempts of earlier rounds, when it was retried by hand or replayed: numbering goes on, the schedule starts anew. */
  triedBefore: number
}

export interface RetryRow {
  position: number
  dueAt: number
  /** 0: it was never tried and waits behind another of its key. */
  attempts: number
  /** Under which the log was told of the last attempt; 0: it was told of none. */
  receipt: number
  /** The ordering key; null: it is bound to no order. */
  key: string | null
}

/** All that an endpoint object keeps, and all of its SQL. */
export class DeliveryStore {
  readonly #sql: Sql
  readonly #journal: Journal
  readonly batches: BatchRows
  readonly #rows = new Map<number, AcceptedRow>()
  /** Rows of each class that may hold something unstarted, ascending. */
  readonly #accepted: Record<JournalClass, number[]> = { high: [], normal: [], low: [], replay: [] }
  #written: string
  /** In flight while their events were erased. */
  readonly erasedInFlight = new Set<number>()

  constructor(sql: Sql) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS endpoint (id INTEGER PRIMARY KEY, settings TEXT NOT NULL)')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS retry (position INTEGER PRIMARY KEY, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, receipt INTEGER NOT NULL, key TEXT, log TEXT NOT NULL)',
    )
    this.#journal = new Journal(sql)
    this.batches = new BatchRows(sql)
    this.#written = this.#journal.lastCheckpoint() ?? ''
    const next = Object.values(this.checkpoint()?.backlog.next ?? { none: 0 })
    const from = split(Math.min(...next))[0]
    for (const { seq, kind } of this.#journal.labels(ACCEPTED, from)) this.#accepted[classOf(kind)].push(seq)
  }

  /** For whoever writes rows anew (journal-edit.ts). */
  get journal(): Journal {
    return this.#journal
  }

  readonly forgetRow = (seq: number): void => void this.#rows.delete(seq)

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

  /** Of the first delivery in a row. */
  positionIn(seq: number): number {
    return seq * ITEMS_PER_ROW_MAX
  }

  /** One row for the whole batch. */
  appendAccepted(batch: AcceptBatch, checkpoint: Checkpoint, now: number): void {
    const { intake, items } = batch
    const compact = items.map(({ segment, index, subscriptionId, record, triedBefore, ...more }) => {
      const item = [segment, index, subscriptionId, record]
      const { deliverAt, aggregate } = more
      if (aggregate) return [...item, triedBefore ?? 0, deliverAt ?? 0, aggregate]
      if (deliverAt !== undefined) return [...item, triedBefore ?? 0, deliverAt]
      return triedBefore === undefined ? item : [...item, triedBefore]
    })
    const head = utf8(JSON.stringify({ intake, items: compact }))
    const segments = toRanges(items.map(({ segment }) => segment))
    const label = JSON.stringify(
      batch.origin === undefined ? [intake, segments] : [batch.origin, segments, intake],
    )
    const journalClass = batch.class ?? 'normal'
    const row = { kind: kindOf(journalClass), label, data: packRecords([head, batch.records]) }
    this.#accepted[journalClass].push(this.#journal.nextSeq)
    this.#append(row, checkpoint, now)
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

  /** The first position of a class at or after the given one. */
  positionFrom(journalClass: JournalClass, position: number): number | undefined {
    const [seq, index] = split(position)
    const seqs = this.#accepted[journalClass]
    const at = firstAtLeast(seqs, seq)
    if (seqs[at] === undefined) return undefined
    if (seqs[at] > seq) return seqs[at] * ITEMS_PER_ROW_MAX
    if (index === 0 || index < (this.#row(seq)?.items.length ?? 0)) return position
    const next = seqs[at + 1]
    return next === undefined ? undefined : next * ITEMS_PER_ROW_MAX
  }

  classOf(position: number): JournalClass {
    return this.#row(split(position)[0])?.class ?? 'normal'
  }

  /** Milliseconds; 0: at any time. */
  deliverAt(position: number): number {
    const [seq, at] = split(position)
    return this.#row(seq)?.items[at]?.[5] ?? 0
  }

  /** By what it is aggregated with others; undefined: it is not. */
  aggregateOf(position: number): Aggregation | undefined {
    const [seq, at] = split(position)
    return this.#row(seq)?.items[at]?.[6]
  }

  delivery(position: number): StoredDelivery | undefined {
    const [seq, at] = split(position)
    const row = this.#row(seq)
    const item = row?.items[at]
    const record = row?.records[item?.[3] ?? -1]
    if (!row || !item || !record) return undefined
    const [segment, index, subscriptionId, , triedBefore = 0] = item
    const event = decodeEvent(record)
    const pointer = { intake: row.intake, segment, index }
    return { id: deliveryIdOf(event.head.id, subscriptionId), subscriptionId, event, pointer, triedBefore }
  }

  /** Which hand-overs the newest rows hold. */
  origins(): Iterable<{ seq: number; origin: string; segment: number }> {
    return this.#labels(Math.max(this.#journal.firstSeq, this.#journal.nextSeq - ORIGIN_ROWS_MAX))
  }

  /** Where deliveries stand at or after a position, by key: in more than one place if they were handed over again. */
  positionsOf(deliveries: readonly Pick<DeliveryRef, 'pointer' | 'subscriptionId'>[], from: number) {
    const found = new Map<string, number[]>(deliveries.map((each) => [keyOf(each), []]))
    const segments = new Set(deliveries.map(({ pointer }) => `${pointer.intake} ${pointer.segment}`))
    for (const { seq, intake, segment } of this.#labels(split(from)[0])) {
      if (!segments.has(`${intake} ${segment}`)) continue
      for (const [at, key] of this.itemKeys(seq).entries()) {
        const positions = found.get(key)
        const position = seq * ITEMS_PER_ROW_MAX + at
        // A row that spans several segments comes once for each.
        if (positions && !positions.includes(position)) positions.push(position)
      }
    }
    return found
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
    for (const row of this.#sql.exec('SELECT position, due_at, attempts, receipt, key FROM retry')) {
      const [position, dueAt] = [Number(row.position), Number(row.due_at)]
      const key = typeof row.key === 'string' ? row.key : null
      yield { position, dueAt, attempts: Number(row.attempts), receipt: Number(row.receipt), key }
    }
  }

  /** What the log must still be told about a retry. */
  retryLog(position: number): DeliveryRow | undefined {
    const [row] = [...this.#sql.exec('SELECT log FROM retry WHERE position = ?', position)]
    return row && row.log !== '' ? (JSON.parse(String(row.log)) as DeliveryRow) : undefined
  }

  putRetry({ position, dueAt, attempts, receipt, key }: RetryRow, log: DeliveryRow | undefined): void {
    this.#sql.exec(
      'INSERT INTO retry (position, due_at, attempts, receipt, key, log) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (position) DO UPDATE SET due_at = excluded.due_at, attempts = excluded.attempts, receipt = excluded.receipt, log = excluded.log',
      position,
      dueAt,
      attempts,
      receipt,
      key,
      log === undefined ? '' : JSON.stringify(log),
    )
  }

  deleteRetry(position: number): void {
    this.#sql.exec('DELETE FROM retry WHERE position = ?', position)
  }

  /** Forgets the rows of which everything was started. */
  trim(next: Record<JournalClass, number>): void {
    for (const each of JOURNAL_CLASSES) {
      this.#accepted[each].splice(0, firstAtLeast(this.#accepted[each], split(next[each])[0]))
    }
  }

  /** Drops whole days that are older than the retention and that nothing refers to. */
  retain({ before, keepFromPosition, now }: { before: number; keepFromPosition: number; now: number }): void {
    const isOpen = keepFromPosition < this.endPosition
    if (!isOpen && this.#journal.isStale(before)) {
      this.#journal.append({ kind: 'mark', checkpoint: this.#written }, now)
    }
    this.#journal.drop({ before, keepFromSeq: split(keepFromPosition)[0] })
  }

  /** Forgets every delivery; only for when none is open. Nothing when that was done already. */
  clear(now: number): void {
    if (!this.#journal.isStale(Infinity)) return
    this.#journal.clear()
    this.#rows.clear()
    this.#journal.append({ kind: 'mark', checkpoint: this.#written }, now)
  }

  *#labels(from: number): Iterable<{ seq: number; origin: string; intake: string; segment: number }> {
    for (const { seq, label } of this.#journal.labels(ACCEPTED, from)) {
      const [origin, segments, intake = origin] = JSON.parse(label) as [string, Ranges, string?]
      for (const segment of fromRanges(segments)) yield { seq, origin, intake, segment }
    }
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
    if (!stored?.kind.startsWith(ACCEPTED)) return undefined
    return this.#cache(parseAccepted(seq, stored.kind, stored.data))
  }

  #cache(row: AcceptedRow): AcceptedRow {
    this.#rows.set(row.seq, row)
    const [oldest] = this.#rows.keys()
    if (this.#rows.size > ROWS_CACHED_MAX && oldest !== undefined) this.#rows.delete(oldest)
    return row
  }
}

export function positionAt(seq: number): number {
  return seq * ITEMS_PER_ROW_MAX
}

function split(position: number): [seq: number, index: number] {
  return [Math.floor(position / ITEMS_PER_ROW_MAX), position % ITEMS_PER_ROW_MAX]
}
