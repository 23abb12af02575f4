import { intercept } from './intercept.ts'

type CountRows = (rows: { read: number; written: number }) => void
type Prepares = Pick<D1Database, 'prepare' | 'batch'>

const WRITES = /^\s*(insert|update|delete|replace)\b/i
const originals = new WeakMap<object, D1PreparedStatement>()

/** A database that says how many rows each of its statements read and wrote, as the platform's answers have it. */
export function meteredDatabase<Database extends Prepares>(db: Database, count: CountRows): Database {
  const counted = <T>(result: D1Result<T>): D1Result<T> => {
    count({ read: result.meta.rows_read, written: result.meta.rows_written })
    return result
  }
  return intercept(db, (name, original) => {
    if (name === 'prepare')
      return (query: string) => meteredStatement(original(query) as D1PreparedStatement, query)
    if (name === 'withSession')
      return (...args) => meteredDatabase(original(...args) as D1DatabaseSession, count)
    if (name !== 'batch') return undefined
    return async (statements: D1PreparedStatement[]) => {
      const results = (await original(statements.map(bare))) as D1Result[]
      return results.map(counted)
    }
  })

  function meteredStatement(statement: D1PreparedStatement, query: string): D1PreparedStatement {
    const metered = intercept(statement, (name, original) => {
      if (name === 'bind')
        return (...args) => meteredStatement(original(...args) as D1PreparedStatement, query)
      if (name === 'run' || name === 'all') return async () => counted((await original()) as D1Result)
      if (name === 'first') return async (column?: string) => firstOf(counted(await statement.all()), column)
      if (name !== 'raw') return undefined
      // Answers without saying what it cost. One that writes has no columns of the same name.
      return async (...args) => {
        if (WRITES.test(query)) return counted(await statement.all()).results.map(Object.values)
        const rows = (await original(...args)) as unknown[]
        count({ read: rows.length, written: 0 })
        return rows
      }
    })
    originals.set(metered, statement)
    return metered
  }
}

function bare(statement: D1PreparedStatement): D1PreparedStatement {
  return originals.get(statement) ?? statement
}

function firstOf({ results }: D1Result, column: string | undefined): unknown {
  const row = results[0] as Record<string, unknown> | undefined
  return (column === undefined ? row : row?.[column]) ?? null
}
