import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Sql } from '../../src/db/journal.ts'

/** SQLite as an object has it, in memory: what `Sql` stores run on in Node. It survives the death of its user. */
export function memorySql(database: DatabaseSync = new DatabaseSync(':memory:')): Sql {
  const statements = new Map<string, StatementSync>()
  return {
    exec(query, ...bindings) {
      const statement = statements.get(query) ?? database.prepare(query)
      statements.set(query, statement)
      const values = bindings.map((each) => (each instanceof ArrayBuffer ? new Uint8Array(each) : each))
      return statement.all(...values) as Record<string, unknown>[]
    },
  }
}
