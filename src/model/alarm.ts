import type { Clock } from './clock.ts'

export interface AlarmDeps {
  clock: Clock
  /** The time that is set in the object's storage, or null. */
  read(): Promise<number | null>
  write(at: number): void
}

/** The platform fires alarms at least once, but an object need not stake its deliveries on that. */
const LATE_MS_MAX = 5_000

/** The one alarm of an object. Setting it is a billed row: it is only moved when it must come earlier. */
export class Alarm {
  readonly #deps: AlarmDeps
  /** What is set, as far as this instance knows. */
  #at: number | null = null

  constructor(deps: AlarmDeps) {
    this.#deps = deps
  }

  /** Makes sure that an alarm comes no later than `at`. */
  wakeBy(at: number): void {
    const now = this.#deps.clock.now()
    if (this.#at !== null && this.#at <= at && this.#at > now - LATE_MS_MAX) return
    // Workerd may never fire an alarm that is set for this very millisecond.
    this.#at = Math.max(at, now + 1)
    this.#deps.write(this.#at)
  }

  /** To be said at the start of the alarm's handler. */
  fired(): void {
    this.#at = null
  }

  /** Learns from the storage what is set. One that should have come by now is taken for lost. */
  async recheck(): Promise<void> {
    const at = await this.#deps.read()
    this.#at = at !== null && at < this.#deps.clock.now() ? null : at
  }
}
