/** What is due when: a binary heap by time, then by position, so that equal times keep the order of acceptance. */
export class DueQueue {
  readonly #heap: { position: number; dueAt: number }[] = []
  /** The present due time of each position; entries of the heap that differ are stale. */
  readonly #dueAt = new Map<number, number>()

  get size(): number {
    return this.#dueAt.size
  }

  set(position: number, dueAt: number): void {
    this.#dueAt.set(position, dueAt)
    this.#heap.push({ position, dueAt })
    this.#rise(this.#heap.length - 1)
  }

  delete(position: number): void {
    this.#dueAt.delete(position)
  }

  /** The earliest, which stays in the queue. */
  peek(): { position: number; dueAt: number } | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#dueAt.get(top.position) === top.dueAt) return top
      this.#removeTop()
    }
    return undefined
  }

  #removeTop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(index: number): void {
    for (let at = index; at > 0;) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(index: number): void {
    for (let at = index; ;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (this.#isBefore(child, least)) least = child
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]]
    if (!first || !second) return false
    return first.dueAt === second.dueAt ? first.position < second.position : first.dueAt < second.dueAt
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]]
    if (!first || !second) return
    this.#heap[a] = second
    this.#heap[b] = first
  }
}
