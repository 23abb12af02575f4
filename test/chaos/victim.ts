import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnServer, type ServerProcess } from '../../src/local/process.ts'

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

  #signalRuntime(signal: NodeJS.Signals): void {
    try {
      process.kill(Number(readFileSync(join(this.#dataDir, 'runtime.pid'), 'utf8')), signal)
    } catch {
      // It is gone, and its file perhaps with it.
    }
  }
}
