const EVERY_MS = 60_000
/** Soon enough to pick up what the last run left, late enough not to slow the first requests. */
const FIRST_MS = 2_000

/** The local runtime never fires a cron by itself. Runs never overlap; a failed one is reported and the next comes as usual. */
export function driveCron(fire: () => Promise<unknown>): () => Promise<void> {
  let stopped = false
  let running = Promise.resolve()
  let timer = setTimeout(tick, FIRST_MS)

  function tick(): void {
    running = run()
  }

  async function run(): Promise<void> {
    try {
      await fire()
    } catch (error) {
      if (!stopped) console.error('cron failed:', error)
    }
    if (!stopped) timer = setTimeout(tick, EVERY_MS - (Date.now() % EVERY_MS))
  }

  return async () => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}
