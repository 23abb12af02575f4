import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Kills the runtime as soon as this end of the pipe closes, which the system does however this process ends. */
const SCRIPT = 'read -r _; kill -9 "$(cat "$0")" 2>/dev/null; rm -f "$0"'

export interface Watchdog {
  /** What the runtime must find in its environment. */
  env: Record<string, string>
  release(): void
}

/**
 * workerd outlives a Miniflare that is killed, with the port and the databases in its hands. The watchdog is a
 * process group of its own, so that a kill of the whole group spares it.
 */
export function watchRuntime(pidFile: string): Watchdog {
  if (process.platform === 'win32') return { env: {}, release: () => {} }
  rmSync(pidFile, { force: true })
  const runtime = process.env.MINIFLARE_WORKERD_PATH ?? pathOfWorkerd()
  const wrapper = fileURLToPath(new URL('runtime.sh', import.meta.url))
  const child = spawn('/bin/sh', ['-c', SCRIPT, pidFile], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  process.env.MINIFLARE_WORKERD_PATH = wrapper
  return {
    env: { HOOKWAY_RUNTIME: runtime === wrapper ? pathOfWorkerd() : runtime, HOOKWAY_RUNTIME_PID: pidFile },
    release: () => void child.kill('SIGKILL'),
  }
}

function pathOfWorkerd(): string {
  const requireHere = createRequire(import.meta.url)
  const { default: path } = createRequire(requireHere.resolve('miniflare'))('workerd') as { default: string }
  return path
}
