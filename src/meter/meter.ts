import type { Bill, BillItem, Operation, Part } from '../model/bill.ts'

/** Adds to one item of the bill. */
export type Count = (part: Part, operation: Operation, units: number) => void

export interface MeterDeps {
  now(): number
  /** A chance in [0, 1). */
  random(): number
  /** Called with what was counted in about a minute. */
  tell(bill: Bill): void
}

const TELL_EACH_MS = 60_000

/** All that one isolate has caused to be billed. */
export class Meter {
  readonly #deps: MeterDeps
  readonly #items = new Map<string, BillItem>()
  #untold = new Map<string, BillItem>()
  #tellAt: number

  constructor(deps: MeterDeps) {
    this.#deps = deps
    this.#tellAt = deps.now() + TELL_EACH_MS
  }

  bill(): Bill {
    return [...this.#items.values()].map((item) => ({ ...item }))
  }

  /** For an object or an isolate. Only a share of them is counted, each for as many as it stands for. */
  counter(share: number): Count | undefined {
    if (!(share > 0) || this.#deps.random() >= share) return undefined
    const weight = 1 / Math.min(1, share)
    return (part, operation, units) => {
      if (units > 0) this.#add({ part, operation, count: units * weight })
    }
  }

  #add(item: BillItem): void {
    add(this.#items, item)
    add(this.#untold, item)
    const now = this.#deps.now()
    if (now < this.#tellAt) return
    this.#tellAt = now + TELL_EACH_MS
    this.#deps.tell([...this.#untold.values()])
    this.#untold = new Map()
  }
}

function add(items: Map<string, BillItem>, { part, operation, count }: BillItem): void {
  const key = `${part} ${operation}`
  const known = items.get(key)
  if (known) known.count += count
  else items.set(key, { part, operation, count })
}
