import { Journal, type Sql } from '../db/journal.ts'
import { eraseRecord } from '../model/erasure.ts'
import { decodeEvent, packRecords, unpackRecords } from '../model/event.ts'
import type { EventId } from '../model/id.ts'
import { fromRanges, toRanges, type Ranges } from '../model/ranges.ts'
import type { AppendItem } from '../model/intake.ts'
import type { DedupeEntry } from './dedupe-window.ts'

/** A row may hold 2 MB (Durable Objects); the rest is room for the label and the checkpoint. */
export const SEGMENT_BYTES_MAX = 1_500_000
/** Bounds the label and the work of one hand-over. */
export const SEGMENT_EVENTS_MAX = 1000

interface Checkpoint {
  /** Segments that route had not settled, without the row's own. */
  unsettled: Ranges
  registered: boolean
  /** When the bucket of a limited source will be full; absent for others. */
  rateFullAt?: number
}

/** What an intake object keeps: segments of events with their dedupe keys, and which of them are settled. */
export class SegmentStore {
  readonly #journal: Journal
  /** Segments that must still be routed, ascending. */
  readonly unsettled = new Set<number>()
  /** Whether the sweep knows this object. */
  registered = false
  /** When the bucket of a limited source will be full; 0: it is, or the source has none. */
  rateFullAt = 0
  #written: string

  constructor(sql: Sql) {
    this.#journal = new Journal(sql)
    const last = this.#journal.lastCheckpoint()
    this.#written = last ?? ''
    if (last === undefined) return
    const checkpoint = JSON.parse(last) as Checkpoint
    for (const segment of fromRanges(checkpoint.unsettled)) this.unsettled.add(segment)
    this.registered = checkpoint.registered
    this.rateFullAt = checkpoint.rateFullAt ?? 0
  }

  get isEmpty(): boolean {
    return this.#journal.nextSeq === 1
  }

  /** Writes one segment: one row. Durable when the storage is synced, which the output gate waits for. */
  append(items: readonly AppendItem[], now: number): { segment: number; records: Uint8Array } {
    const keys = items.flatMap(({ id, key, windowMs }) => (key === null ? [] : [[key, id, now + windowMs]]))
    const records = packRecords(items.map(({ record }) => record))
    const segment = this.#journal.nextSeq
    this.unsettled.add(segment)
    const checkpoint = this.#checkpoint()
    this.#journal.append({ kind: 'segment', checkpoint, label: JSON.stringify(keys), data: records }, now)
    this.#written = checkpoint
    return { segment, records }
  }

  /** Whether there is progress that no row carries yet. */
  get isDirty(): boolean {
    return this.#checkpoint() !== this.#written
  }

  /** Writes the progress by itself, when no append will carry it: one row, or none when nothing changed. */
  mark(now: number): void {
    const checkpoint = this.#checkpoint()
    if (checkpoint === this.#written) return
    this.#journal.append({ kind: 'mark', checkpoint }, now)
    this.#written = checkpoint
  }

  read(segment: number): Uint8Array | undefined {
    const row = this.#journal.read(segment)
    return row?.kind === 'segment' ? row.data : undefined
  }

  /** One event's record, or undefined when the retention has taken it or it was erased. */
  readRecord(segment: number, index: number): Uint8Array | undefined {
    const segmentRecords = this.read(segment)
    const record = segmentRecords && unpackRecords(segmentRecords)[index]
    return record && decodeEvent(record).head.erased ? undefined : record
  }

  /** Writes a segment anew without what some of its events said; their places stay. Answers where their bodies are. */
  erase(segment: number, indexes: readonly number[]): { isChanged: boolean; bodyKeys: string[] } {
    const row = this.#journal.read(segment)
    if (row?.kind !== 'segment') return { isChanged: false, bodyKeys: [] }
    const records = unpackRecords(row.data)
    const erased = new Set<EventId>()
    const bodyKeys: string[] = []
    for (const index of indexes) {
      const { head } = records[index] ? decodeEvent(records[index]) : { head: undefined }
      if (!head || head.erased || !records[index]) continue
      const { record, bodyKey } = eraseRecord(records[index])
      records[index] = record
      erased.add(head.id)
      if (bodyKey !== undefined) bodyKeys.push(bodyKey)
    }
    if (erased.size === 0) return { isChanged: false, bodyKeys }
    const keys = JSON.parse(row.label) as [string, EventId, number][]
    // A key may be a value of the event; hashes and ids of ours are none.
    const kept = keys.filter(([key, id]) => !erased.has(id) || /^(content|evt):/.test(key))
    this.#journal.rewrite({ seq: segment, label: JSON.stringify(kept), data: packRecords(records) })
    return { isChanged: true, bodyKeys }
  }

  /** The dedupe keys that have not expired, oldest first. */
  *keys(now: number): Iterable<DedupeEntry> {
    for (const { label } of this.#journal.labels('segment', this.#journal.firstSeq)) {
      for (const [key, id, expiresAt] of JSON.parse(label) as [string, EventId, number][]) {
        if (expiresAt > now) yield { key, id, expiresAt }
      }
    }
  }

  /** Drops whole days older than the retention, but nothing that is not settled. */
  retain({ before, now }: { before: number; now: number }): void {
    const [oldest] = this.unsettled
    if (oldest === undefined && this.#journal.isStale(before)) {
      this.#journal.append({ kind: 'mark', checkpoint: this.#written }, now)
    }
    this.#journal.drop({ before, keepFromSeq: oldest ?? this.#journal.nextSeq })
  }

  #checkpoint(): string {
    const checkpoint: Checkpoint = {
      unsettled: toRanges(this.unsettled),
      registered: this.registered,
      ...(this.rateFullAt > 0 && { rateFullAt: this.rateFullAt }),
    }
    return JSON.stringify(checkpoint)
  }
}
