import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import type { Build, Database } from './build.ts'

type Names = Record<string, string[]>

/** As wrangler makes it, so that either tool finds what the other applied. */
const TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/**
 * Brings the local databases up to the numbered files. Runs before the Worker starts, in a runtime of its own, so
 * that no request or alarm meets an old schema. The note of what was applied lies with the databases and goes with them.
 */
export async function migrate(
  { databases }: Build,
  persistDir: string,
  runtimeEnv: Record<string, string>,
): Promise<void> {
  const wanted: Names = Object.fromEntries(
    databases.map(({ binding, migrations }) => [binding, migrations.map(({ name }) => name)]),
  )
  const note = join(persistDir, 'migrated.json')
  if (existsSync(note) && readFileSync(note, 'utf8') === JSON.stringify(wanted)) return
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: 'migrate',
          compatibilityDate: '2026-01-01',
          modules: [{ type: 'ESModule', path: 'migrate.js', contents: 'export default {}' }],
          d1Databases: Object.fromEntries(databases.map(({ binding }) => [binding, binding])),
        },
      ],
      resourcePersistencePath: persistDir,
      unsafeRuntimeEnv: runtimeEnv,
      logRequests: false,
      cf: false,
    }),
  )
  try {
    for (const database of databases) await apply(database, await miniflare.getD1Database(database.binding))
  } finally {
    await miniflare.dispose()
  }
  writeFileSync(note, JSON.stringify(wanted))
}

/** Each file is one transaction together with the note that it was applied. */
async function apply(
  { binding, migrations }: Database,
  d1: Awaited<ReturnType<Miniflare['getD1Database']>>,
): Promise<void> {
  await d1.prepare(TABLE).run()
  const { results } = await d1.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map(({ name }) => name))
  for (const { name, statements } of migrations.filter((each) => !applied.has(each.name))) {
    const note = d1.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)
    try {
      await d1.batch([...statements.map((sql) => d1.prepare(sql)), note])
    } catch (error) {
      throw new Error(`The migration ${name} of ${binding} failed: ${String(error)}`, { cause: error })
    }
  }
}
