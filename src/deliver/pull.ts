import type { Outcome } from '../model/attempt.ts'
import type { Endpoint, EndpointSettings } from '../model/endpoint.ts'
import {
  PAGE_BYTES_MAX,
  type Acknowledged,
  type Acknowledgement,
  type Poll,
  type Polled,
  type MessageId,
  type PulledMessage,
} from '../model/pull.ts'
import { concludeParcel } from './conclude-batch.ts'
import type { Parts } from './conclude.ts'
import { placesOf } from '../model/shard.ts'
import type { EndpointDeps } from './endpoint-deps.ts'
import { Leases, leasesIn, type Lease, type LeaseState } from './leases.ts'
import { maskSaid } from './log-mask.ts'
import { inputOf, parcelOf, type Parcel } from './parcel.ts'
import { schedule, type Choice, type Facts } from './schedule.ts'
import { show } from './waiting.ts'
import { SAFETY_MS } from './wake.ts'

export interface PullDeps extends Pick<EndpointDeps, 'after' | 'message'> {
  /** The queue that consumers draw from. */
  queue: Omit<Parts, 'endpoint'>
  endpoint(): Endpoint | undefined
  keyOf(position: number): string | null
  /** What the schedule goes by. */
  facts(endpoint: Endpoint): Facts
  /** Takes what was chosen out of the queue; undefined: the journal no longer holds it. */
  take(choice: Exclude<Choice, { kind: 'wait' }>): Parcel | undefined
  /** What has these keys may start again. */
  over(parcel: Pick<Parcel, 'keys'>): void
  settle(positions: readonly number[]): void
  /** Writes down how things stand, lets others go on, and sets the alarm. */
  goOn(): void
}

/**
 * Deliveries that are fetched instead of sent. A poll leases what an attempt would start; the acknowledgement, or the
 * end of the lease, is the end of that attempt. A lease is durable before its message leaves, and nothing waits for it
 * in memory. What ends leases is durable when answered, so what was acknowledged never comes again.
 */
export class Pull {
  readonly #deps: PullDeps
  readonly #leases = new Leases()
  readonly #waiting = new Set<() => void>()
  /** Something began or ended that no row carries yet. */
  #isDirty = false

  constructor(deps: PullDeps) {
    this.#deps = deps
  }

  get leases(): Leases {
    return this.#leases
  }

  /** A consumer that is slow, or silent, has no circuit, and as many places as leases may be. */
  factsOf(facts: Facts, settings: EndpointSettings): Facts {
    const inFlight = facts.inFlight + this.#leases.size
    return { ...facts, inFlight, allowance: placesOf(settings), openUntil: null, quietUntil: 0 }
  }

  /** What was leased when the object last died is so still. */
  resume(state: LeaseState | undefined): void {
    const { lanes, backlog } = this.#deps.queue
    for (const each of leasesIn(state)) {
      const { unit } = each
      const row = lanes.get(unit)
      const parcel = parcelOf(unit, row ? row.key : this.#deps.keyOf(unit), this.#deps.queue)
      backlog.reopen(unit)
      this.#add(each, parcel)
    }
    this.#isDirty = false
    this.hold()
  }

  /** Nothing of what is leased may start: to be said again once rows were written anew. */
  hold(): void {
    const { lanes } = this.#deps.queue
    for (const { unit, keys } of this.#leases.all()) {
      const members = lanes.batches.get(unit)?.members ?? [[unit, keys[0] ?? null] as const]
      for (const [position, key] of members) lanes.start(position, key)
    }
  }

  /** Something may be there for those who wait. */
  wake(): void {
    for (const resume of this.#waiting) resume()
  }

  async poll(poll: Poll): Promise<Polled> {
    const { page, waitMs } = poll
    const until = this.#now() + waitMs
    if (page !== undefined) this.#acknowledge({ of: { page }, outcome: 'delivered' })
    for (;;) {
      const leased = this.#lease(poll)
      this.#keep()
      const messages = await this.#messages(leased)
      const [first] = leased
      if (first && messages.length > 0) return { page: first.page, messages }
      if (first) continue
      if (this.#now() >= until) return { messages: [] }
      await this.#news(until)
    }
  }

  acknowledge(acknowledgement: Acknowledgement): Acknowledged {
    const ids = this.#acknowledge(acknowledgement)
    this.#keep()
    return { ids }
  }

  /** What the alarm does. */
  tick(): void {
    this.#expire()
    this.#keep()
    const endpoint = this.#deps.endpoint()
    if (endpoint === undefined) return
    const waiting = { ...this.#deps.queue, endpoint }
    for (const lease of this.#leases.toShow(this.#now())) {
      for (const { position } of this.#parcelOf(lease).members) show(waiting, position, null)
    }
  }

  #acknowledge(acknowledgement: Acknowledgement): MessageId[] {
    const { of, reason } = acknowledgement
    this.#expire()
    const leases = 'page' in of ? this.#leases.ofPage(of.page) : this.#leases.withIds(new Set(of.ids))
    const outcome = outcomeOf(acknowledgement)
    const error = outcome.kind === 'delivered' ? undefined : reason
    for (const lease of leases) this.#end(lease, { outcome, error })
    return leases.flatMap(({ id }) => id ?? [])
  }

  /** A lease that ran out is an attempt that failed. */
  #expire(): void {
    for (const lease of this.#leases.endedBy(this.#now())) {
      const seconds = Math.round((lease.until - lease.at) / 1000)
      const error = `Not acknowledged within ${seconds} s.`
      this.#end(lease, { outcome: { kind: 'deferred', reason: 'not_acknowledged' }, error })
    }
  }

  #lease({ limit, visibilityMs }: Poll): Lease[] {
    this.#expire()
    const { store } = this.#deps.queue
    const { visibilitySeconds = 0 } = this.#deps.endpoint()?.settings ?? {}
    const at = this.#now()
    const until = at + (visibilityMs ?? visibilitySeconds * 1000)
    const page = this.#leases.newPage(at)
    const leased: Lease[] = []
    for (let bytes = 0; leased.length < limit;) {
      const choice = this.#choose()
      if (choice.kind === 'wait') break
      bytes += store.delivery(choice.position)?.event.head.bodyBytes ?? 0
      if (leased.length > 0 && bytes > PAGE_BYTES_MAX) break
      const parcel = this.#deps.take(choice)
      if (parcel === undefined) continue
      for (const { delivery } of parcel.members.slice(1)) bytes += delivery.event.head.bodyBytes
      leased.push(this.#add({ unit: parcel.unit, page, at, until }, parcel))
    }
    return leased
  }

  #choose(): Choice {
    const endpoint = this.#deps.endpoint()
    const isPulled = endpoint?.settings.mode === 'pull'
    return isPulled ? schedule(this.#deps.facts(endpoint)) : { kind: 'wait', until: undefined }
  }

  #add(lease: Pick<Lease, 'unit' | 'page' | 'at' | 'until'>, { keys, members, batchId }: Parcel): Lease {
    const { store, lanes } = this.#deps.queue
    const { unit } = lease
    this.#isDirty = true
    return this.#leases.add({
      ...lease,
      id: batchId ?? members[0]?.delivery.id,
      keys,
      isReplay: store.classOf(unit) === 'replay',
      isLogged: (lanes.get(unit)?.attempts ?? 0) > 0,
    })
  }

  /** Made anew each time: a thousand leases would hold as many bodies in memory. */
  #parcelOf({ unit, keys }: Lease): Parcel {
    return parcelOf(unit, keys[0] ?? null, this.#deps.queue)
  }

  /** What cannot be made for the consumer ends here, as it would before a push. */
  async #messages(leases: readonly Lease[]): Promise<PulledMessage[]> {
    try {
      const made = await Promise.all(leases.map((lease) => this.#message(lease)))
      return made.flatMap((message) => message ?? [])
    } catch (error) {
      // A fault of ours, not the consumer's: as if nobody had asked.
      for (const lease of leases) this.#giveBack(lease)
      throw error
    } finally {
      this.#keep()
    }
  }

  async #message(lease: Lease): Promise<PulledMessage | undefined> {
    const endpoint = this.#deps.endpoint()
    const parcel = this.#parcelOf(lease)
    const [first] = parcel.members
    const input = inputOf(parcel, this.#deps.queue.store)
    if (endpoint === undefined || first === undefined || input === undefined) return undefined
    const prepared = await this.#deps.message(input, endpoint)
    if (!prepared.ok) {
      const { outcome, record } = prepared.error
      this.#end(lease, { outcome, error: record.error })
      return undefined
    }
    const { id: deliveryId, event } = first.delivery
    const { head } = event
    return {
      id: parcel.batchId ?? deliveryId,
      eventId: head.id,
      eventType: head.type,
      at: head.occurredAt ?? head.receivedAt,
      attempt: parcel.attempts,
      leasedUntil: lease.until,
      ...prepared.value,
    }
  }

  #end(lease: Lease, { outcome, error }: { outcome: Outcome; error: string | undefined }): void {
    const { unit, at } = lease
    const { queue } = this.#deps
    const endpoint = this.#deps.endpoint()
    if (endpoint === undefined || !this.#remove(lease)) return
    const parcel = this.#parcelOf(lease)
    const record = {
      at,
      durationMs: Math.max(0, this.#now() - at),
      result: outcome.kind === 'delivered' ? 'delivered' : outcome.reason,
      url: `/v1/endpoints/${endpoint.id}/messages`,
      method: 'GET',
      requestHeaders: [],
      ...(error === undefined ? {} : { error: maskSaid(error, parcel.members, endpoint.settings) }),
    }
    const fetched = { ...parcel, position: unit, place: () => unit }
    if (parcel.members.length > 0) concludeParcel({ ...queue, endpoint }, fetched, { outcome, record })
    else this.#deps.settle([unit])
    this.#deps.over(parcel)
  }

  #giveBack(lease: Lease): void {
    const { unit } = lease
    const { lanes, backlog } = this.#deps.queue
    if (!this.#remove(lease)) return
    const parcel = this.#parcelOf(lease)
    if (parcel.batch ?? lanes.get(unit)) lanes.postpone(unit, this.#now() + SAFETY_MS)
    else backlog.putBack(unit)
    this.#deps.over(parcel)
  }

  #remove(lease: Lease): boolean {
    this.#isDirty = true
    return this.#leases.remove(lease)
  }

  #keep(): void {
    if (!this.#isDirty) return
    this.#isDirty = false
    this.#deps.queue.outbox.flush({ mustKeep: true })
    this.#deps.goOn()
  }

  /** Until something is accepted, free or due. The timer is cleared, for a leftover one keeps the object awake. */
  async #news(until: number): Promise<void> {
    const choice = this.#choose()
    const dueAt = choice.kind === 'wait' ? choice.until : undefined
    const at = Math.min(until, dueAt ?? until, this.#leases.wakesAt() ?? until)
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#deps.after(Math.max(1, at - this.#now()), resolve)
    this.#waiting.add(resolve)
    await promise
    this.#waiting.delete(resolve)
    cancel()
  }

  #now(): number {
    return this.#deps.queue.clock.now()
  }
}

function outcomeOf({ outcome, retryAfterMs }: Acknowledgement): Outcome {
  switch (outcome) {
    case 'delivered':
      return { kind: 'delivered' }
    case 'rejected':
      return { kind: 'rejected', reason: 'consumer_rejected' }
    case 'retry':
      return {
        kind: 'deferred',
        reason: 'consumer_retry',
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      }
  }
}
