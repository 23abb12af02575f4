import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { build } from '../../src/local/build.ts'
import { migrate } from '../../src/local/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A directory with the state of a server that has only been migrated, to be copied. */
    migratedState: string
  }
}

/** Builds the Worker and migrates databases once for all files. */
export async function setup(project: TestProject): Promise<() => void> {
  const state = mkdtempSync(join(tmpdir(), 'hookway-migrated-'))
  await migrate(await build(), state, {})
  project.provide('migratedState', state)
  return () => rmSync(state, { recursive: true, force: true })
}
