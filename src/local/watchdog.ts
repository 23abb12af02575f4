import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Kills the runtimes as soon as this end of the pipe closes, which the system does however this process ends. */
const SCRIPT = 'read -r _; for file; do kill -9 "$(cat "$file")" 2>/dev/null; rm -f "$file"; done'

/** The one that serves, and the one that scripts run in. */
type Runtime = 'main' | 'scripts'

export interface Watchdog {
  /** What a runtime must find in its environment. Each leaves its process id in a file of its own. */
  env: Record<Runtime, Record<string, string>>
  release(): void
}

/**
 * workerd outlives a Miniflare that is killed, with the port and the databases in its hands. The watchdog is a
 * process group of its own, so that a kill of the whole group spares it.
 */
export function watchRuntimes(dataDir: string): Watchdog {
  if (process.platform === 'win32') return { env: { main: {}, scripts: {} }, release: () => {} }
  const files = { main: join(dataDir, 'runtime.pid'), scripts: join(dataDir, 'scripts.pid') }
  for (const file of Object.values(files)) rmSync(file, { force: true })
  const runtime = process.env.MINIFLARE_WORKERD_PATH ?? pathOfWorkerd()
  const wrapper = fileURLToPath(new URL('runtime.sh', import.meta.url))
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', ...Object.values(files)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  process.env.MINIFLARE_WORKERD_PATH = wrapper
  const path = runtime === wrapper ? pathOfWorkerd() : runtime
  const envOf = (file: string) => ({ HOOKWAY_RUNTIME: path, HOOKWAY_RUNTIME_PID: file })
  return {
    env: { main: envOf(files.main), scripts: envOf(files.scripts) },
    release: () => void child.kill('SIGKILL'),
  }
}

function pathOfWorkerd(): string {
  const requireHere = createRequire(import.meta.url)
  const { default: path } = createRequire(requireHere.resolve('miniflare'))('workerd') as { default: string }
  return path
}
