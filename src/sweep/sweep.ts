/** What the sweep needs of the rest: pages of objects, and a call that sets each right. */
export interface SweepDeps {
  pageIntakes(after: string | undefined, limit: number): Promise<string[]>
  pageEndpoints(after: string | undefined, limit: number): Promise<string[]>
  checkIntake(name: string): Promise<void>
  checkEndpoint(name: string): Promise<void>
  /** Where the last run stopped in a list, so that each run does its share. */
  loadCursor(list: string): Promise<string | undefined>
  saveCursor(list: string, cursor: string | undefined): Promise<void>
}

/** Objects looked at in one run of each list: a minute's run must end well within a minute. */
const BUDGET = 500
const CONCURRENT_MAX = 10

export interface SweepReport {
  intakes: number
  endpoints: number
  failed: number
}

/**
 * Goes through all intake and endpoint objects, some at each run, and lets each set its alarm if it has work: what an
 * accident left without an alarm is found here. Repeats are harmless.
 */
export async function sweep(deps: SweepDeps): Promise<SweepReport> {
  const intakes = await sweepList('intakes', deps.pageIntakes, deps.checkIntake, deps)
  const endpoints = await sweepList('endpoints', deps.pageEndpoints, deps.checkEndpoint, deps)
  return { intakes: intakes.seen, endpoints: endpoints.seen, failed: intakes.failed + endpoints.failed }
}

async function sweepList(
  list: string,
  page: (after: string | undefined, limit: number) => Promise<string[]>,
  check: (name: string) => Promise<void>,
  deps: SweepDeps,
): Promise<{ seen: number; failed: number }> {
  const names = await page(await deps.loadCursor(list), BUDGET)
  let failed = 0
  for (let i = 0; i < names.length; i += CONCURRENT_MAX) {
    const checked = await Promise.allSettled(names.slice(i, i + CONCURRENT_MAX).map((name) => check(name)))
    failed += checked.filter(({ status }) => status === 'rejected').length
  }
  await deps.saveCursor(list, names.length < BUDGET ? undefined : names.at(-1))
  return { seen: names.length, failed }
}
