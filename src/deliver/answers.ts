import type { After, Clock } from '../model/clock.ts'
import type { DeliveryId } from '../model/id.ts'
import type { AwaitedDelivery, Reply, ReplyMiss } from '../model/reply.ts'

/** Senders that wait at one endpoint object: more would wait for their turn longer than for the receiver. */
const WAITING_MAX = 256
/** An answer that nobody asked for yet is kept so long: for the one whose question comes late, and for repeats. */
const KEPT_MS = 60_000
const KEPT_BYTES_MAX = 4 * 1024 * 1024
const KEPT_MAX = 256

type Waiter = (reply: Reply) => void

/**
 * Who waits for the answers of one endpoint, and its answers of the last minute. All of it is in memory: it decides
 * what senders hear, never what is delivered.
 */
export class Answers {
  readonly #deps: { clock: Clock; after: After }
  readonly #waiting = new Map<DeliveryId, Set<Waiter>>()
  #waiters = 0
  readonly #kept = new Map<DeliveryId, { reply: Reply; until: number; bytes: number }>()
  #keptBytes = 0

  constructor(deps: { clock: Clock; after: After }) {
    this.#deps = deps
  }

  /** The answer to the delivery's attempt that ended last, else to its next one. `now`: why none will come. */
  async wait(
    { deliveryId, timeoutMs, isRepeat }: AwaitedDelivery,
    now: ReplyMiss | undefined,
  ): Promise<Reply> {
    const known = this.#kept.get(deliveryId)
    if (known && known.until > this.#deps.clock.now()) return known.reply
    const others = this.#waiting.get(deliveryId)
    // Whether a delivery of the past still waits for its turn, nobody here knows.
    if (isRepeat && others === undefined) return { kind: 'repeat' }
    if (now !== undefined) return { kind: now }
    if (this.#waiters >= WAITING_MAX) return { kind: 'busy' }
    return await this.#join(deliveryId, timeoutMs)
  }

  /** An attempt has ended. */
  conclude(deliveryId: DeliveryId, reply: Reply): void {
    this.#keep(deliveryId, reply)
    for (const waiter of this.#waiting.get(deliveryId) ?? []) waiter(reply)
  }

  /** No answer is to be expected any more. */
  giveUp(why: ReplyMiss): void {
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter({ kind: why })
  }

  async #join(deliveryId: DeliveryId, timeoutMs: number): Promise<Reply> {
    const { promise, resolve } = Promise.withResolvers<Reply>()
    const waiters = this.#waiting.get(deliveryId) ?? new Set()
    this.#waiting.set(deliveryId, waiters.add(resolve))
    this.#waiters++
    const cancel = this.#deps.after(timeoutMs, () => resolve({ kind: 'timeout' }))
    try {
      return await promise
    } finally {
      cancel()
      waiters.delete(resolve)
      this.#waiters--
      if (waiters.size === 0) this.#waiting.delete(deliveryId)
    }
  }

  #keep(deliveryId: DeliveryId, reply: Reply): void {
    const now = this.#deps.clock.now()
    const bytes = reply.kind === 'answered' ? reply.body.byteLength : 0
    this.#drop(deliveryId)
    this.#kept.set(deliveryId, { reply, until: now + KEPT_MS, bytes })
    this.#keptBytes += bytes
    for (const [id, { until }] of this.#kept) {
      if (until > now && this.#kept.size <= KEPT_MAX && this.#keptBytes <= KEPT_BYTES_MAX) break
      this.#drop(id)
    }
  }

  #drop(deliveryId: DeliveryId): void {
    this.#keptBytes -= this.#kept.get(deliveryId)?.bytes ?? 0
    this.#kept.delete(deliveryId)
  }
}
