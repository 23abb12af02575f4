import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnServer, type ServerProcess } from '../../src/local/process.ts'
import { eventually } from '../support/eventually.ts'

const RECOVERED_WITHIN_MS = 60_000

/** The server under attack: killed and started again on the same data directory and port. */
export class Victim {
  readonly #dataDir: string
  #server: ServerProcess | undefined
  #port = 0

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get rootToken(): string {
    return readFileSync(join(this.#dataDir, 'root-token'), 'utf8').trim()
  }

  async start(): Promise<void> {
    this.#server = await spawnServer({ dataDir: this.#dataDir, port: this.#port })
    this.#port = Number(new URL(this.#server.url).port)
  }

  /** SIGKILL to all that belongs to it, the runtime first or last. */
  async kill({ runtimeFirst }: { runtimeFirst: boolean }): Promise<void> {
    const server = this.#server
    if (runtimeFirst) this.#signalRuntime('SIGKILL')
    server?.kill('SIGKILL')
    this.#signalRuntime('SIGKILL')
    await server?.exited
  }

  /** SIGKILL to the runtime alone, which its server starts again. Memory and queues are lost, as with any kill. */
  async crash(): Promise<void> {
    const before = this.#runtimePid()
    this.#signalRuntime('SIGKILL')
    await eventually(async () => (this.#runtimePid() !== before && (await this.#answers())) || undefined, {
      withinMs: RECOVERED_WITHIN_MS,
      what: () => 'the crashed runtime is not back',
    })
  }

  /** SIGKILL to the runtime of scripts, if one runs. */
  crashScripts(): void {
    this.#signal('scripts.pid', 'SIGKILL')
  }

  /** A start that ends with SIGKILL after so many milliseconds, if it is not ready before. */
  async startAndKill(afterMs: number): Promise<void> {
    const ended = new AbortController()
    const starting = spawnServer({ dataDir: this.#dataDir, port: this.#port }, ({ kill }) => {
      void sleep(afterMs, undefined, { signal: ended.signal }).then(
        () => kill('SIGKILL'),
        () => undefined,
      )
    })
    const server = await starting.catch(() => undefined)
    if (!server) return
    await server.exited
    ended.abort()
  }

  /** Everything stands still for a while, as with a disk or a machine that does not answer; then it goes on. */
  async stall(ms: number): Promise<void> {
    this.#signalRuntime('SIGSTOP')
    await sleep(ms)
    this.#signalRuntime('SIGCONT')
  }

  async stop(): Promise<void> {
    this.#signalRuntime('SIGCONT')
    this.#server?.kill('SIGTERM')
    await this.#server?.exited
  }

  async #answers(): Promise<boolean> {
    const response = await fetch(`${this.url}/healthz`).catch(() => undefined)
    await response?.body?.cancel()
    return response !== undefined
  }

  #runtimePid(): number {
    return this.#pidIn('runtime.pid')
  }

  #pidIn(file: string): number {
    return Number(readFileSync(join(this.#dataDir, file), 'utf8'))
  }

  #signalRuntime(signal: NodeJS.Signals): void {
    this.#signal('runtime.pid', signal)
  }

  #signal(file: string, signal: NodeJS.Signals): void {
    try {
      const pid = this.#pidIn(file)
      // A file that is just being written is empty, and 0 would mean our own process group.
      if (pid > 0) process.kill(pid, signal)
    } catch {
      // It is gone, and its file perhaps with it.
    }
  }
}
