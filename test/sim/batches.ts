import type { Composed } from '../../src/deliver/compose.ts'
import { text } from '../../src/model/bytes.ts'
import type { DeliveryId } from '../../src/model/id.ts'
import type { Sim } from './sim.ts'

/** Watches that a batch stays what it is (I12): by what was started, and by what receivers got. */
export class BatchLedger {
  readonly #sim: Sim
  readonly #batches = new Map<string, { batch: Composed; body?: string }>()
  readonly #batchOf = new Map<DeliveryId, string>()
  /** Requests that carried more than one event. */
  shared = 0

  constructor(sim: Sim) {
    this.#sim = sim
  }

  started(batch: Composed): void {
    const ids = idsOf(batch)
    const known = this.#batches.get(batch.id)
    if (known && idsOf(known.batch).join() !== ids.join()) this.#sim.violate(`I12: ${batch.id} has changed`)
    if (!known) this.#batches.set(batch.id, { batch })
    for (const id of ids) {
      const before = this.#batchOf.get(id)
      if (before !== undefined && before !== batch.id) {
        this.#sim.violate(`I12: ${id} was in ${before} and is in ${batch.id}`)
      }
      this.#batchOf.set(id, batch.id)
    }
    if (ids.length > 1) this.shared++
  }

  /** False: it is no batch. */
  received(id: string, body: string): boolean {
    const known = this.#batches.get(id)
    if (known === undefined) return false
    known.body ??= body
    if (known.body !== body) this.#sim.violate(`I3: the body of ${id} has changed`)
    for (const item of known.batch.items) {
      const isIn = body.includes(item.id) && body.includes(text(item.event.body))
      if (!isIn) this.#sim.violate(`I3: ${id} does not carry ${item.id}`)
    }
    return true
  }
}

function idsOf({ items }: Composed): DeliveryId[] {
  return items.map(({ id }) => id)
}
