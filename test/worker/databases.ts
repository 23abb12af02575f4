import { applyD1Migrations, type D1Migration } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_MIGRATIONS: D1Migration[]
      TEST_LOG_MIGRATIONS: D1Migration[]
      /** Deliveries in the test of the lists: `HOOKWAY_TEST_LOG_ROWS=1000000` is the proof at full size. */
      TEST_LOG_ROWS: string
    }
  }
}

/** Removes every row that messages of the log make. */
export const EMPTY_LOG = ['events', 'first_deliveries', 'deliveries', 'rejections', 'metrics']
  .map((table) => `DELETE FROM ${table}`)
  .join('; ')

/** Both databases of this test file, empty and migrated. */
export async function openDatabases(): Promise<{ db: D1Database; logDb: D1Database }> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  await applyD1Migrations(env.LOG_DB, env.TEST_LOG_MIGRATIONS)
  return { db: env.DB, logDb: env.LOG_DB }
}
