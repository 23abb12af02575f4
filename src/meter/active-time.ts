/** The time in which at least one thing is under way, told whenever the last one ends. */
export class ActiveTime {
  readonly #now: () => number
  readonly #tell: (ms: number) => void
  #underWay = 0
  #since = 0

  constructor(now: () => number, tell: (ms: number) => void) {
    this.#now = now
    this.#tell = tell
  }

  /** The answer ends it; again has no effect. */
  begin(): () => void {
    if (this.#underWay++ === 0) this.#since = this.#now()
    let isUnderWay = true
    return () => {
      if (!isUnderWay) return
      isUnderWay = false
      if (--this.#underWay === 0) this.#tell(this.#now() - this.#since)
    }
  }

  /** What it makes is handed on as it is; of a promise the end is awaited. */
  during<Result>(run: () => Result): Result {
    const end = this.begin()
    let result: Result
    try {
      result = run()
    } catch (error) {
      end()
      throw error
    }
    if (isThenable(result)) result.then(end, end)
    else end()
    return result
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
