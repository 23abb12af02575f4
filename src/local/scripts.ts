import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { after, within } from '../model/clock.ts'
import { isolateOf, SCRIPT_DEADLINE_MS, type Script } from '../route/isolate.ts'

export type ScriptCall = Script & { input: unknown }

/** What a runtime of its own may take to come up, before the deadline of the script counts. */
const START_MS_MAX = 20_000

/** A busy machine or a crashed runtime takes an answer away as an endless loop does, but hardly twice in a row. */
const TRIES_MAX = 2

/**
 * Runs the scripts of transformations in a runtime of their own, one at a time. The local runtime limits neither time
 * nor memory, and one endless loop would stop all that shares its process: here the process is ended instead.
 */
export class ScriptRunner {
  readonly #runtimeEnv: Record<string, string>
  #runtime: Miniflare | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(runtimeEnv: Record<string, string>) {
    this.#runtimeEnv = runtimeEnv
  }

  /** A script that was not running when another one had its process ended never notices. */
  run(given: ScriptCall): Promise<string> {
    const result = this.#turn.then(() => this.#runNow(given))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async dispose(): Promise<void> {
    const runtime = this.#runtime
    this.#runtime = undefined
    await runtime?.dispose()
  }

  async #runNow(call: ScriptCall): Promise<string> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const answer = await this.#tryOnce(call)
      if (answer !== undefined) return answer
      await this.dispose().catch(() => undefined)
    }
    return JSON.stringify({ error: `no answer within ${SCRIPT_DEADLINE_MS} ms` })
  }

  async #tryOnce({ input, ...script }: ScriptCall): Promise<string | undefined> {
    this.#runtime ??= await this.#start()
    const request = { method: 'POST', body: JSON.stringify({ ...(await isolateOf(script)), input }) }
    const answered = this.#runtime
      .dispatchFetch('http://runner/', request)
      .then((response) => response.text())
    return await within(SCRIPT_DEADLINE_MS, answered, after).catch(() => undefined)
  }

  async #start(): Promise<Miniflare> {
    const runtime = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          {
            name: 'scripts',
            modules: true,
            script: RUNNER,
            compatibilityDate: '2026-11-05',
            workerLoaders: { LOADER: {} },
          },
        ],
        unsafeRuntimeEnv: this.#runtimeEnv,
        log: new Log(LogLevel.NONE),
        logRequests: false,
        cf: false,
      }),
    )
    await within(START_MS_MAX, runtime.ready, after)
    return runtime
  }
}

const RUNNER = `export default {
  async fetch(request, env) {
    const { name, code, input } = await request.json()
    const worker = env.LOADER.get(name, () => ({ ...code, globalOutbound: null }))
    try {
      return await worker.getEntrypoint().fetch('https://rule.invalid/', { method: 'POST', body: JSON.stringify(input) })
    } catch (error) {
      return Response.json({ error: String(error && error.message).slice(0, 300) })
    }
  },
}`
