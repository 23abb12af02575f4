import { fromRanges, toRanges, type Ranges } from '../model/ranges.ts'

/** How far an endpoint has come in its journal: what was never started, and what was started and is not settled. */
export class Progress {
  /** The first position that was never started. */
  next: number
  /** Started before, and not settled when the object last died: they start again, before anything new. */
  readonly #redo: number[]
  /** Started in this life and not settled. */
  readonly #open = new Set<number>()
  readonly #positionFrom: (position: number) => number | undefined

  constructor(
    stored: { next: number; open: Ranges },
    positionFrom: (position: number) => number | undefined,
  ) {
    this.next = stored.next
    this.#redo = [...fromRanges(stored.open)]
    this.#positionFrom = positionFrom
  }

  /** What to start next, if anything. */
  first(): number | undefined {
    return this.#redo[0] ?? this.#positionFrom(this.next)
  }

  /** Takes what `first` answered. */
  take(position: number): void {
    if (this.#redo[0] === position) this.#redo.shift()
    else this.next = position + 1
    this.#open.add(position)
  }

  /** To be started again. */
  putBack(position: number): void {
    this.#redo.push(position)
  }

  settle(position: number): void {
    this.#open.delete(position)
  }

  open(): Ranges {
    return toRanges([...this.#redo, ...this.#open])
  }

  /** The oldest position that is not settled. */
  oldest(): number {
    return [...this.#redo, ...this.#open].reduce(
      (oldest, each) => Math.min(oldest, each),
      this.first() ?? Infinity,
    )
  }
}
