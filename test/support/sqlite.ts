import { DatabaseSync } from 'node:sqlite'
import type { Sql } from '../../src/db/journal.ts'

/** SQLite as an object has it, in memory: what `Sql` stores run on in Node. It survives the death of its user. */
export function memorySql(): Sql {
  const database = new DatabaseSync(':memory:')
  return {
    exec(query, ...bindings) {
      const statement = database.prepare(query)
      const values = bindings.map((each) => (each instanceof ArrayBuffer ? new Uint8Array(each) : each))
      return statement.all(...values) as Record<string, unknown>[]
    },
  }
}
