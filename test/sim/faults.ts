import type { Dice } from '../support/random.ts'

/** What becomes of a call to another object, database or queue. */
export type Fate = 'arrives' | 'is lost' | 'loses its answer' | 'hangs'

/** How likely each accident is; drawn anew for each seed, so that some runs have a lot of one and none of another. */
export type Odds = Record<
  | 'callLost'
  | 'answerLost'
  | 'callHangs'
  | 'slow'
  | 'messageLost'
  | 'messageTwice'
  | 'messageLate'
  | 'alarmLate'
  | 'alarmLost'
  | 'diskLost',
  number
>

/** What went wrong, counted. */
export type Accidents = Record<
  'crashes' | 'clockJumps' | 'callsLost' | 'messagesLost' | 'messagesTwice' | 'segmentsAgain',
  number
>

const CALM: Odds = {
  callLost: 0,
  answerLost: 0,
  callHangs: 0,
  slow: 0,
  messageLost: 0,
  messageTwice: 0,
  messageLate: 0,
  alarmLate: 0,
  alarmLost: 0,
  diskLost: 0,
}

const LATENCY_MS_MAX = 20
const SLOW_MS_MAX = 20_000
const LATE_MS_MAX = 900_000

/** The accidents of one run. Everything that may go wrong outside of our code asks here. */
export class Faults {
  readonly #dice: Dice
  #odds: Odds
  readonly accidents: Accidents = {
    crashes: 0,
    clockJumps: 0,
    callsLost: 0,
    messagesLost: 0,
    messagesTwice: 0,
    segmentsAgain: 0,
  }

  constructor(dice: Dice) {
    this.#dice = dice
    const often = () => dice.pick([0, 0.01, 0.05, 0.2])
    const seldom = () => dice.pick([0, 0, 0.01, 0.05])
    this.#odds = {
      callLost: often(),
      answerLost: often(),
      callHangs: seldom(),
      slow: seldom(),
      messageLost: often(),
      messageTwice: often(),
      messageLate: seldom(),
      alarmLate: often(),
      alarmLost: seldom(),
      diskLost: dice.pick([0, 0.5, 1]),
    }
  }

  /** From now on everything goes well. */
  stop(): void {
    this.#odds = CALM
  }

  latency(): number {
    return this.#dice.int(1, this.#dice.isHit(this.#odds.slow) ? SLOW_MS_MAX : LATENCY_MS_MAX)
  }

  /** Only what has a deadline of its own may hang. */
  call({ mayHang = false } = {}): Fate {
    const fate = this.#fate(mayHang)
    if (fate !== 'arrives') this.accidents.callsLost++
    return fate
  }

  /** When copies of a message come out of a queue: usually one, soon. */
  message(): number[] {
    if (this.#dice.isHit(this.#odds.messageLost)) {
      this.accidents.messagesLost++
      return []
    }
    const isTwice = this.#dice.isHit(this.#odds.messageTwice)
    if (isTwice) this.accidents.messagesTwice++
    return Array.from({ length: isTwice ? 2 : 1 }, () =>
      this.#dice.isHit(this.#odds.messageLate) ? this.#dice.int(0, LATE_MS_MAX) : this.#dice.int(1, 1_500),
    )
  }

  /** How much later than asked an alarm comes, or not at all. */
  alarm(): number | 'never' {
    if (this.#dice.isHit(this.#odds.alarmLost)) return 'never'
    return this.#dice.isHit(this.#odds.alarmLate) ? this.#dice.int(0, 60_000) : this.#dice.int(0, 5)
  }

  /** Whether writes that were not synced are gone with the memory. */
  losesUnsynced(): boolean {
    return this.#dice.isHit(this.#odds.diskLost)
  }
  #fate(mayHang: boolean): Fate {
    if (this.#dice.isHit(this.#odds.callLost)) return 'is lost'
    if (this.#dice.isHit(this.#odds.answerLost)) return 'loses its answer'
    return mayHang && this.#dice.isHit(this.#odds.callHangs) ? 'hangs' : 'arrives'
  }
}
