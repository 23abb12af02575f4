import type { DeliveryRow } from '../model/delivery-log.ts'
import { DueQueue } from './due-queue.ts'
import type { DeliveryStore, RetryRow } from './store.ts'

export interface Retry {
  attempts: number
  /** Under which the log was told of the last attempt. */
  receipt: number
}

/** The deliveries that were tried and are due again: a row each, and the order of their times in memory. */
export class Retries {
  readonly #store: DeliveryStore
  readonly #retries = new Map<number, Retry>()
  readonly #due = new DueQueue()

  constructor(store: DeliveryStore) {
    this.#store = store
    for (const { position, dueAt, attempts, receipt } of store.retries()) {
      this.#retries.set(position, { attempts, receipt })
      this.#due.set(position, dueAt)
    }
  }

  /** The one that is due first and not in flight. */
  first(): { position: number; dueAt: number } | undefined {
    return this.#due.peek()
  }

  get(position: number): Retry | undefined {
    return this.#retries.get(position)
  }

  entries(): Iterable<[position: number, retry: Retry]> {
    return this.#retries
  }

  /** An attempt starts: it is not due while it is in flight. After a crash it is due as it was. */
  take(position: number): void {
    this.#due.delete(position)
  }

  /** Due again by a fault of ours, which the stored row does not know. */
  postpone(position: number, dueAt: number): void {
    this.#due.set(position, dueAt)
  }

  put(row: RetryRow, log: DeliveryRow): void {
    this.#store.putRetry(row, log)
    this.#retries.set(row.position, { attempts: row.attempts, receipt: row.receipt })
    this.#due.set(row.position, row.dueAt)
  }

  /** It ended, and its outcome is durable. */
  settle(position: number): void {
    if (this.#retries.delete(position)) this.#store.deleteRetry(position)
  }
}
