import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings, type Settings } from './settings.ts'

export interface ServerProcess {
  url: string
  rootToken: string
  pid: number
  kill(signal: NodeJS.Signals): void
  /** Settles when the process has ended, with its exit code, or null after a signal. */
  exited: Promise<number | null>
  /** All it has printed so far. */
  output(): string
}

const READY_WITHIN_MS = 60_000
const READY = /^hookway ready (\S+)$/m
const START = fileURLToPath(new URL('start.ts', import.meta.url))

/**
 * The server as a process of its own, to be killed and measured. Port 0 (the default) takes a free one. `spawned` is
 * told of the process at once: it may be killed before it is ready, too.
 */
export async function spawnServer(
  given: Partial<Settings> & { dataDir: string },
  spawned: (process: Pick<ServerProcess, 'kill'>) => void = () => {},
): Promise<ServerProcess> {
  const settings = { ...readSettings({}), port: 0, ...given }
  const child = spawn(process.execPath, [START], {
    env: { ...process.env, ...environment(settings) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const kill = (signal: NodeJS.Signals) => void child.kill(signal)
  spawned({ kill })
  let output = ''
  const ready = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const url = READY.exec(output)?.[1]
      if (url) ready.resolve(url)
    })
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  void exited.then((code) => ready.reject(new Error(`The server ended with ${code}:\n${output}`)))
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    ready.reject(new Error(`The server was not ready within ${READY_WITHIN_MS} ms:\n${output}`))
  }, READY_WITHIN_MS)
  const url = await ready.promise.finally(() => clearTimeout(timer))
  const rootToken = settings.rootToken ?? readFileSync(join(settings.dataDir, 'root-token'), 'utf8').trim()
  return { url, rootToken, pid: child.pid ?? 0, kill, exited, output: () => output }
}

function environment(settings: Settings): Record<string, string> {
  return {
    HOOKWAY_HOST: settings.host,
    HOOKWAY_PORT: String(settings.port),
    HOOKWAY_DATA_DIR: settings.dataDir,
    HOOKWAY_ROOT_TOKEN: settings.rootToken ?? '',
    HOOKWAY_MASTER_KEY: settings.masterKey ?? '',
    HOOKWAY_ALLOW_TARGETS: settings.allowTargets,
    HOOKWAY_TEST_CLOCK: settings.testClock ? '1' : '',
    HOOKWAY_METER: String(settings.meter),
  }
}
