import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'

/** A server that was just told to stop needs a moment; longer, and it is meant to run. */
const WAIT_MS = 10_000
const RETRY_MS = 100

/**
 * One server for each data directory: two would each hold objects in memory that the other changes on disk.
 * An exclusive SQLite lock, because the system drops it however the process dies, unlike a file with a pid in it.
 */
export async function lockDataDir(dataDir: string): Promise<() => void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  for (let waited = 0; ; waited += RETRY_MS) {
    const release = tryLock(join(dataDir, 'lock.sqlite'))
    if (release) return release
    if (waited >= WAIT_MS) {
      throw new Error(`Another server uses ${dataDir}: stop it, or set HOOKWAY_DATA_DIR to another directory`)
    }
    await sleep(RETRY_MS)
  }
}

function tryLock(file: string): (() => void) | undefined {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    return () => db.close()
  } catch (error) {
    db.close()
    if (error instanceof Error && error.message.includes('locked')) return undefined
    throw error
  }
}
