import type { BatchMember, BatchRow } from '../model/batch.ts'
import type { Sql } from './journal.ts'

/** The batches of an endpoint's object that were composed and have not ended. The table is made when the first one is. */
export class BatchRows {
  readonly #sql: Sql
  #exists: boolean

  constructor(sql: Sql) {
    this.#sql = sql
    const tables = sql.exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'batch'`)
    this.#exists = [...tables].length > 0
  }

  *all(): Iterable<BatchRow> {
    if (!this.#exists) return
    for (const row of this.#sql.exec('SELECT id, due_at, attempts, receipts, members, log FROM batch')) {
      yield {
        id: Number(row.id),
        dueAt: Number(row.due_at),
        attempts: Number(row.attempts),
        receipts: JSON.parse(String(row.receipts)) as number[],
        members: JSON.parse(String(row.members)) as BatchMember[],
        log: String(row.log),
      }
    }
  }

  put({ id, dueAt, attempts, receipts, members, log }: BatchRow): void {
    this.#create()
    this.#sql.exec(
      'INSERT INTO batch (id, due_at, attempts, receipts, members, log) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, attempts = excluded.attempts, receipts = excluded.receipts, members = excluded.members, log = excluded.log',
      id,
      dueAt,
      attempts,
      JSON.stringify(receipts),
      JSON.stringify(members),
      log,
    )
  }

  delete(id: number): void {
    this.#sql.exec('DELETE FROM batch WHERE id = ?', id)
  }

  #create(): void {
    if (this.#exists) return
    this.#sql.exec(
      'CREATE TABLE batch (id INTEGER PRIMARY KEY, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, receipts TEXT NOT NULL, members TEXT NOT NULL, log TEXT NOT NULL)',
    )
    this.#exists = true
  }
}
