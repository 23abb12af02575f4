import type { After, Clock } from '../../src/model/clock.ts'
import { START } from '../support/endpoint-world.ts'
import type { Dice } from '../support/random.ts'
import { settled } from '../support/settled.ts'

interface Turn {
  at: number
  order: number
  name: string
  run(): void
}

/** Something that must not happen has happened. */
export class Violation extends Error {}

/** Lines that a failure shows of what led to it. */
const TRACE_KEPT = 60

/**
 * Owns time: one turn runs after another, each until nothing moves any more, and only turns move the clock. With the
 * same seed every turn comes out the same, which the hash over the trace proves.
 */
export class Sim {
  readonly dice: Dice
  /** Milliseconds since the start that timers measure; the wall clock may jump beside it. */
  elapsed = 0
  turns = 0
  readonly #print: ((line: string) => void) | undefined
  readonly #heap: Turn[] = []
  readonly #kept: string[] = []
  #jumped = 0
  #hash = 0x811c9dc5
  #violation: Violation | undefined

  constructor(dice: Dice, print?: (line: string) => void) {
    this.dice = dice
    this.#print = print
  }

  readonly clock: Clock = { now: () => this.now(), random: () => this.dice.next() }

  readonly after: After = (ms, callback) => this.in(ms, 'timer', callback)

  now(): number {
    return START + this.elapsed + this.#jumped
  }

  /** The wall clock is set to another time. */
  jump(ms: number): void {
    this.#jumped += ms
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  /** What happened last, oldest first. */
  get tail(): readonly string[] {
    return this.#kept
  }

  /** Runs something in a turn of its own; turns of the same time in any order. The answer takes it back. */
  in(ms: number, name: string, run: () => void): () => void {
    const turn: Turn = { at: this.elapsed + ms, order: this.dice.next(), name, run }
    push(this.#heap, turn)
    return () => {
      turn.run = () => undefined
      turn.name = ''
    }
  }

  trace(line: string): void {
    const text = `${this.elapsed} ${line}`
    for (let i = 0; i < text.length; i++) this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x01000193)
    this.#kept.push(text)
    if (this.#kept.length > TRACE_KEPT) this.#kept.shift()
    this.#print?.(text)
  }

  /** Kept until the turn is over: thrown here, the code under test might catch it. */
  violate(message: string): void {
    this.#violation ??= new Violation(message)
    this.trace(`VIOLATION ${message}`)
  }

  /** Runs turns until the condition holds or no turn is left. */
  async runUntil(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const turn = pop(this.#heap)
      if (turn === undefined) return
      if (turn.name === '') continue
      this.elapsed = Math.max(this.elapsed, turn.at)
      this.turns++
      this.trace(turn.name)
      turn.run()
      await settled()
      if (this.#violation) throw this.#violation
    }
  }
}

function isBefore(a: Turn, b: Turn): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at
}

function push(heap: Turn[], turn: Turn): void {
  let at = heap.length
  heap.push(turn)
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent]
    if (!above || !isBefore(turn, above)) break
    heap[at] = above
    at = parent
  }
  heap[at] = turn
}

function pop(heap: Turn[]): Turn | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || top === last) return top
  let at = 0
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
    const least = right && left && isBefore(right, left) ? right : left
    if (!least || !isBefore(least, last)) break
    heap[at] = least
    at = least === right ? 2 * at + 2 : 2 * at + 1
  }
  heap[at] = last
  return top
}
