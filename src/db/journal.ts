/**
 * An append-only table in an object's storage, in partitions by day: appending is one billed row, and retention is
 * DROP TABLE, which is billed none (a DELETE is billed by the row).
 */

/** The part of `SqlStorage` that stores use; node:sqlite satisfies it through an adapter in tests. */
export interface Sql {
  exec(
    query: string,
    ...bindings: (string | number | null | ArrayBuffer | Uint8Array)[]
  ): Iterable<Record<string, unknown>>
}

export interface JournalRow {
  seq: number
  kind: string
  /** The owner's progress as of this row, as JSON. */
  checkpoint: string
  label: string
  data: Uint8Array
}

const PARTITION_MS = 86_400_000
const NOTHING = new Uint8Array(0)

export class Journal {
  readonly #sql: Sql
  /** Days that have a table, ascending, with the first sequence number in each. */
  #partitions: { day: number; firstSeq: number }[] = []
  #lastSeq = 0

  constructor(sql: Sql) {
    this.#sql = sql
    const tables = sql.exec(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'journal_[0-9]*'`,
    )
    const days = [...tables]
      .map(({ name }) => Number(String(name).slice('journal_'.length)))
      .sort((a, b) => a - b)
    for (const day of days) {
      const [bounds] = [...sql.exec(`SELECT min(seq) AS first, max(seq) AS last FROM journal_${day}`)]
      if (typeof bounds?.last === 'number') this.#lastSeq = Math.max(this.#lastSeq, bounds.last)
      this.#partitions.push({
        day,
        firstSeq: typeof bounds?.first === 'number' ? bounds.first : this.#lastSeq + 1,
      })
    }
  }

  /** The sequence number that the next row gets. */
  get nextSeq(): number {
    return this.#lastSeq + 1
  }

  get firstSeq(): number {
    return this.#partitions[0]?.firstSeq ?? this.nextSeq
  }

  /** Appends one row: one row written, and two to four more on the first append of a day. */
  append(row: { kind: string; checkpoint: string; label?: string; data?: Uint8Array }, now: number): number {
    const day = this.#partitionFor(now)
    const seq = this.#lastSeq + 1
    this.#sql.exec(
      `INSERT INTO journal_${day} (seq, kind, checkpoint, label, data) VALUES (?, ?, ?, ?, ?)`,
      seq,
      row.kind,
      row.checkpoint,
      row.label ?? '',
      row.data ?? NOTHING,
    )
    this.#lastSeq = seq
    return seq
  }

  lastCheckpoint(): string | undefined {
    for (const { day } of this.#partitions.toReversed()) {
      const [row] = [...this.#sql.exec(`SELECT checkpoint FROM journal_${day} ORDER BY seq DESC LIMIT 1`)]
      if (row) return String(row.checkpoint)
    }
    return undefined
  }

  read(seq: number): JournalRow | undefined {
    const day = this.#partitions.findLast((each) => each.firstSeq <= seq)?.day
    if (day === undefined) return undefined
    const [row] = [...this.#sql.exec(`SELECT * FROM journal_${day} WHERE seq = ?`, seq)]
    return row && toRow(row)
  }

  /** The rows at or after `seq` whose kind begins so, without their data. */
  *labels(kind: string, seq: number): Iterable<Pick<JournalRow, 'seq' | 'kind' | 'label'>> {
    for (const { day } of this.#partitionsFrom(seq)) {
      const query = `SELECT seq, kind, label FROM journal_${day} WHERE seq >= ? AND kind GLOB ? ORDER BY seq`
      for (const row of this.#sql.exec(query, seq, `${kind}*`)) {
        yield { seq: Number(row.seq), kind: String(row.kind), label: String(row.label) }
      }
    }
  }

  /** Drops whole days that ended before `before` (ms) and hold nothing at or after `keepFromSeq`. The newest day stays. */
  drop({ before, keepFromSeq }: { before: number; keepFromSeq: number }): number {
    let dropped = 0
    while (this.#partitions.length > 1) {
      const [oldest, next] = this.#partitions
      if (!oldest || !next || (oldest.day + 1) * PARTITION_MS > before || next.firstSeq > keepFromSeq) break
      this.#sql.exec(`DROP TABLE journal_${oldest.day}`)
      this.#partitions.shift()
      dropped++
    }
    return dropped
  }

  /** Whether the newest day, which `drop` keeps, ended before `before` and holds more than progress. */
  isStale(before: number): boolean {
    const day = this.#partitions.at(-1)?.day
    if (day === undefined || (day + 1) * PARTITION_MS > before) return false
    return [...this.#sql.exec(`SELECT 1 FROM journal_${day} WHERE kind <> 'mark' LIMIT 1`)].length > 0
  }

  /** Forgets everything but the sequence number; the owner writes its progress anew. */
  clear(): void {
    for (const { day } of this.#partitions.splice(0)) this.#sql.exec(`DROP TABLE journal_${day}`)
  }

  /** Writes a row anew, in its place: one row written. */
  rewrite({ seq, label, data }: Pick<JournalRow, 'seq' | 'label' | 'data'>): void {
    const day = this.#partitions.findLast((each) => each.firstSeq <= seq)?.day
    if (day === undefined) return
    this.#sql.exec(`UPDATE journal_${day} SET label = ?, data = ? WHERE seq = ?`, label, data, seq)
  }

  /** The rows of a kind at or after `seq` whose data holds the text. Reads them all. */
  *holding(kind: string, text: string, seq: number): Iterable<JournalRow> {
    for (const { day } of this.#partitionsFrom(seq)) {
      const query = `SELECT * FROM journal_${day} WHERE kind = ? AND seq >= ? AND instr(data, CAST(? AS BLOB)) > 0`
      // All at once: the caller rewrites them meanwhile.
      const rows = Array.from(this.#sql.exec(query, kind, seq, text))
      for (const row of rows) yield toRow(row)
    }
  }

  #partitionFor(now: number): number {
    const last = this.#partitions.at(-1)
    // A clock that jumps back writes into the newest day: sequence numbers stay ordered across partitions.
    const day = Math.max(Math.floor(now / PARTITION_MS), last?.day ?? 0)
    if (last?.day === day) return day
    this.#sql.exec(
      `CREATE TABLE journal_${day} (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, checkpoint TEXT NOT NULL, label TEXT NOT NULL, data BLOB NOT NULL)`,
    )
    this.#partitions.push({ day, firstSeq: this.#lastSeq + 1 })
    return day
  }

  #partitionsFrom(seq: number): { day: number }[] {
    return this.#partitions.filter((_, index) => (this.#partitions[index + 1]?.firstSeq ?? Infinity) > seq)
  }
}

function toRow(row: Record<string, unknown>): JournalRow {
  const data = row.data instanceof ArrayBuffer ? new Uint8Array(row.data) : (row.data as Uint8Array)
  return {
    seq: Number(row.seq),
    kind: String(row.kind),
    checkpoint: String(row.checkpoint),
    label: String(row.label),
    data,
  }
}
