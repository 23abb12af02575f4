/** An object that is never idle should show in its bill all the same. */
const TELL_EACH_MS = 1_000

/** The time in which at least one thing is under way, told when the last one ends, and now and then before. */
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
      this.#underWay--
      const now = this.#now()
      if (this.#underWay > 0 && now - this.#since < TELL_EACH_MS) return
      this.#tell(now - this.#since)
      this.#since = now
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
