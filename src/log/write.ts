import { within, type After } from '../model/clock.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import { tellOf, type LogDeps } from './consume.ts'

/** Writes under way at once in one isolate. D1 is one thread: more of them would only wait there. */
const WRITES_MAX = 4
/** More events that nobody wanted than this are a flood: the queue gathers those of a second into one write. */
const EVENTS_MAX = 4
/** The object that sends waits, and is billed for it. */
const WRITE_MS_MAX = 3_000

export interface DirectDeps extends Omit<LogDeps, 'confirm'> {
  /** Hands the message to the `log` queue. */
  enqueue(message: LogMessage): Promise<void>
  after: After
}

/**
 * The short way into the log: one write, without the three operations of a queue and without a call to confirm. Where
 * D1 is slow, down, or busy with others, the message takes the queue instead, which spreads and repeats.
 */
export class LogWriter {
  #underWay = 0

  /** Whether D1 has it. Throws when the queue did not take it either: the sender then sends it again. */
  async write(message: LogMessage, deps: DirectDeps): Promise<boolean> {
    const isFlood = message.kind === 'events' && message.events.length > EVENTS_MAX
    if (isFlood || this.#underWay >= WRITES_MAX || !(await this.#tryWrite(message, deps))) {
      await deps.enqueue(message)
      return false
    }
    await tellOf([message], deps)
    return true
  }

  async #tryWrite(message: LogMessage, deps: DirectDeps): Promise<boolean> {
    this.#underWay++
    try {
      await within(WRITE_MS_MAX, deps.write([message]), deps.after)
      return true
    } catch (error) {
      deps.writeFailed(error, 1)
      return false
    } finally {
      this.#underWay--
    }
  }
}
