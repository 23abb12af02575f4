import type { After } from '../model/clock.ts'
import { ActiveTime } from './active-time.ts'
import { intercept } from './intercept.ts'
import type { Operation } from '../model/bill.ts'

type CountObject = (operation: Operation, units: number) => void

/** Cursors whose rows are not counted yet: a cursor counts while it is read. */
const CURSORS_MAX = 64

/**
 * What one object costs: rows through its storage, alarms, calls, and the time in which it cannot sleep. The storage
 * of the object is changed in place, so that what the object is built of need not know.
 */
export class ObjectMeter {
  readonly #count: CountObject
  readonly #active: ActiveTime
  #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []

  constructor({ storage }: DurableObjectState, deps: { count: CountObject; now: () => number }) {
    this.#count = deps.count
    this.#active = new ActiveTime(deps.now, (ms) => {
      deps.count('activeMs', ms)
      this.#countRows()
    })
    this.#meterSql(storage.sql)
    const setAlarm = storage.setAlarm.bind(storage)
    storage.setAlarm = (...args) => {
      deps.count('alarmsSet', 1)
      return setAlarm(...args)
    }
  }

  /** One request: a call from outside, or an alarm. */
  request<Result>(name: string, run: () => Result): Result {
    this.#count(name === 'alarm' ? 'alarmsFired' : 'objectCalls', 1)
    return this.during(run)
  }

  /** The object stays awake until this has ended. */
  during<Result>(run: () => Result): Result {
    return this.#active.during(run)
  }

  /** A timer keeps the object awake, too. */
  after(after: After): After {
    return (ms, callback) => {
      const end = this.#active.begin()
      const cancel = after(ms, () => {
        end()
        callback()
      })
      return () => {
        end()
        cancel()
      }
    }
  }

  /** Calls to another object, or through the loopback, are waited for. */
  stub<Stub extends object>(stub: Stub): Stub {
    return intercept(stub, (name, original) =>
      name === 'then' ? undefined : (...args) => this.during(() => original(...args) as unknown),
    )
  }

  #meterSql(sql: SqlStorage): void {
    const exec = sql.exec.bind(sql) as (
      query: string,
      ...bindings: unknown[]
    ) => SqlStorageCursor<Record<string, SqlStorageValue>>
    const metered = (query: string, ...bindings: unknown[]) => {
      const cursor = exec(query, ...bindings)
      if (this.#cursors.push(cursor) > CURSORS_MAX) this.#countRows()
      return cursor
    }
    sql.exec = metered as SqlStorage['exec']
  }

  #countRows(): void {
    const cursors = this.#cursors
    this.#cursors = []
    for (const { rowsRead, rowsWritten } of cursors) {
      this.#count('objectRowsRead', rowsRead)
      this.#count('objectRowsWritten', rowsWritten)
    }
  }
}
