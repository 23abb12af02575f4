import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { DELIVERIES, EVENTS } from '../src/db/log-rows.ts'
import type { Route } from './route.ts'
import type { World } from './world.ts'

/** What the server has written, read from its disk: asking the server itself would be a load of its own. */

const LOGGED_WITHIN_MS = 120_000
const LOOK_EACH_MS = 200
const ENDPOINT_OBJECTS = /EndpointObject\/[0-9a-f]+\.sqlite$/

/** How many delivered ones of these endpoints the log has. */
export function loggedNow(world: World, { targets }: Route): number {
  const ids = JSON.stringify(targets.flat().map(({ endpointId }) => endpointId))
  const query = `SELECT count(*) AS n FROM ${DELIVERIES}
    WHERE status = 'delivered' AND endpoint_id IN (SELECT value FROM json_each(?))`
  return withLog(world, (log) => Number(log.prepare(query).get(ids)?.['n'] ?? 0))
}

/** Waits until the log has so many; says how many it has. */
export async function logged(world: World, route: Route, count: number): Promise<number> {
  const end = Date.now() + LOGGED_WITHIN_MS
  for (;;) {
    const found = loggedNow(world, route)
    if (found >= count || Date.now() > end) return found
    await sleep(LOOK_EACH_MS)
  }
}

/** Where the deliveries are that no receiver has seen: how many by what the log says of them. */
export function whereabouts(
  world: World,
  missing: readonly { eventId: string; endpointId: string }[],
): Record<string, number> {
  return withLog(world, (log) => {
    const query = log.prepare(
      `SELECT d.status, d.attempts, d.error FROM ${EVENTS} e JOIN ${DELIVERIES} d ON d.event_id = e.id
       WHERE e.provider_event_id = ? AND d.endpoint_id = ?`,
    )
    const counts: Record<string, number> = {}
    for (const { eventId, endpointId } of missing) {
      const row = query.get(eventId, endpointId)
      const error = String(row?.['error'] ?? '').replace(/\d+/g, 'N')
      const words = row
        ? `missing, ${String(row['status'])} after ${String(row['attempts'])}: ${error}`
        : 'missing, not in the log'
      counts[words] = (counts[words] ?? 0) + 1
    }
    return counts
  })
}

export interface RowsOnDisk {
  endpointObjects: number
  objectRows: number
  logRows: number
}

/** Rows that are there; one that was written twice counts once. */
export function rowsOnDisk(world: World): RowsOnDisk {
  const objects = filesIn(world, ENDPOINT_OBJECTS)
  const logRows = withLog(world, (log) => rowsIn(log, /^(events|first_deliveries|deliveries|metrics)$/))
  let objectRows = 0
  for (const file of objects) {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    objectRows += rowsIn(database, /^(journal_\d+|retry|endpoint)$/)
    database.close()
  }
  return { endpointObjects: objects.length, objectRows, logRows }
}

function rowsIn(database: DatabaseSync, tables: RegExp): number {
  const names = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all()
  return names
    .map(({ name }) => String(name))
    .filter((name) => tables.test(name))
    .map((name) => Number(database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.['n'] ?? 0))
    .reduce((total, count) => total + count, 0)
}

function withLog<Result>(world: World, use: (log: DatabaseSync) => Result): Result {
  for (const file of filesIn(world, /D1DatabaseObject\/[^/]+\.sqlite$/)) {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    try {
      const query = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'first_deliveries'`
      if (database.prepare(query).get()) return use(database)
    } finally {
      database.close()
    }
  }
  throw new Error(`no log database in ${world.dataDir}`)
}

function filesIn({ dataDir }: World, name: RegExp): string[] {
  const state = join(dataDir, 'state')
  if (!existsSync(state)) return []
  const files = readdirSync(state, { recursive: true, encoding: 'utf8' })
  return files.filter((file) => name.test(file)).map((file) => join(state, file))
}
