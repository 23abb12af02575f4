import { delayMsOf } from '../../src/deliver/retry.ts'
import type { Composed } from '../../src/deliver/compose.ts'
import type { AcceptBatch } from '../../src/model/accept.ts'
import type { Outcome } from '../../src/model/attempt.ts'
import { text } from '../../src/model/bytes.ts'
import type { EndpointSettings } from '../../src/model/endpoint.ts'
import { decodeEvent, unpackRecords, type Event } from '../../src/model/event.ts'
import {
  deliveryIdOf,
  type DeliveryId,
  type EndpointId,
  type EventId,
  type SubscriptionId,
} from '../../src/model/id.ts'
import type { Appended } from '../../src/model/intake.ts'
import { orderingKeyOf } from '../../src/model/ordering-key.ts'
import { placesOf } from '../../src/model/shard.ts'
import { BatchLedger } from './batches.ts'
import type { Sim } from './sim.ts'

/** What is known of one delivery from outside of the object. */
export interface Tracked {
  id: DeliveryId
  eventId: EventId
  endpointId: EndpointId
  /** The one of the endpoint's objects that has it. */
  object: string
  subscriptionId: SubscriptionId
  event: Event
  /** Results of attempts that came back to a living object, by number. */
  results: Map<number, Set<string>>
  /** The last attempt that was started, and in which life. */
  last: { attempt: number; life: number } | undefined
  ended: { as: 'delivered' | 'dead'; life: number } | undefined
  dueAt: number
  body: string | undefined
}

interface Watched {
  lanes: Map<string, { list: Tracked[]; ended: number; isBlocked: boolean }>
  laneOf: Map<DeliveryId, { key: string; at: number }>
  waiting: Tracked[]
  inFlight: Set<DeliveryId>
  /** In flight: a batch is one. */
  requests: number
  quietUntil: number
}

interface Attempt {
  object: string
  life: number
  settings: EndpointSettings
  deliveryId: DeliveryId
  event: Event
  attempt: number
  batch?: Composed
}

/** Watches every promise from outside: by what was acknowledged, what was sent and what came back. */
export class Ledger {
  readonly #sim: Sim
  /** Events that a caller was told are safe, with the key under which they were sent. */
  readonly acknowledged = new Map<EventId, string>()
  readonly #idOfKey = new Map<string, EventId>()
  readonly deliveries = new Map<DeliveryId, Tracked>()
  readonly #objects = new Map<string, Watched>()
  readonly batches: BatchLedger

  constructor(sim: Sim) {
    this.#sim = sim
    this.batches = new BatchLedger(sim)
  }

  /** A caller has got its answer: from now on the event must not be lost, and has one id for ever. */
  answered(keys: readonly string[], appended: readonly Appended[]): void {
    for (const [at, key] of keys.entries()) {
      const id = appended[at]?.id
      if (id === undefined) return this.#sim.violate(`${key} got no answer`)
      const known = this.#idOfKey.get(key)
      if (known !== undefined && known !== id)
        this.#sim.violate(`${key} became two events, ${known} and ${id}`)
      this.#idOfKey.set(key, id)
      this.acknowledged.set(id, key)
    }
  }

  /** An endpoint's object has taken a batch. */
  accepted(object: string, { endpointId, items, records }: AcceptBatch): void {
    const events = unpackRecords(records)
    for (const { eventId, subscriptionId, record } of items) {
      const id = deliveryIdOf(eventId, subscriptionId)
      const bytes = events[record]
      if (this.deliveries.has(id) || bytes === undefined) continue
      const tracked: Tracked = {
        id,
        eventId,
        endpointId,
        object,
        subscriptionId,
        event: decodeEvent(bytes),
        results: new Map(),
        last: undefined,
        ended: undefined,
        dueAt: 0,
        body: undefined,
      }
      this.deliveries.set(id, tracked)
      this.#watched(object).waiting.push(tracked)
    }
  }

  /** An attempt begins; the answer is to be called when its end reaches the object. */
  started(attempt: Attempt): (outcome: Outcome, settings: EndpointSettings) => void {
    const { object, settings, deliveryId: id, event, batch } = attempt
    const watched = this.#watched(object)
    const places = placesOf(settings)
    if (watched.requests >= places) this.#sim.violate(`I10: more than ${places} attempts in flight`)
    watched.requests++
    if (batch) this.batches.started(batch)
    const ends = (batch?.items ?? [{ id, event }]).map((item) =>
      this.#startOne({ ...attempt, deliveryId: item.id, event: item.event }, watched),
    )
    return (outcome, settingsNow) => {
      watched.requests--
      for (const end of ends) end?.(outcome, settingsNow)
    }
  }

  #startOne(attempt: Attempt, watched: Watched) {
    const { life, deliveryId } = attempt
    const tracked = this.deliveries.get(deliveryId)
    if (tracked === undefined) return this.#sim.violate(`${deliveryId} was sent and never accepted`)
    this.#checkStart(attempt, tracked, watched)
    this.#checkOrder(tracked, watched, attempt)
    watched.inFlight.add(deliveryId)
    tracked.last = { attempt: attempt.attempt, life }
    return (outcome: Outcome, settingsNow: EndpointSettings) => {
      watched.inFlight.delete(deliveryId)
      this.#end(attempt, tracked, watched, outcome, settingsNow)
    }
  }

  /** A receiver has got a request (I3). */
  received(endpoint: EndpointId, delivery: string, body: string): void {
    if (this.batches.received(delivery, body)) return
    const tracked = this.deliveries.get(delivery as DeliveryId)
    if (tracked?.endpointId !== endpoint)
      return this.#sim.violate(`${endpoint} received ${delivery}, not its own`)
    tracked.body ??= body
    if (tracked.body !== body) this.#sim.violate(`I3: the body of ${delivery} has changed`)
    if (!body.includes(text(tracked.event.body))) this.#sim.violate(`I3: ${delivery} carries another body`)
  }

  /** What an object only borrowed when it was last handed over: its intake keeps it. */
  readonly lent = new Set<DeliveryId>()

  borrowed({ items }: AcceptBatch, segments: readonly number[]): void {
    for (const { eventId, subscriptionId, segment } of items) {
      const id = deliveryIdOf(eventId, subscriptionId)
      if (segments.includes(segment)) this.lent.add(id)
      else this.lent.delete(id)
    }
  }

  crashed(name: string): void {
    const watched = this.#watched(name)
    watched.inFlight.clear()
    watched.requests = 0
    // A wish for silence that no row has carried yet is forgotten with the memory.
    watched.quietUntil = 0
  }

  /** Whether a delivery waits behind one that blocks its key. */
  isBlocked({ object, id }: Tracked): boolean {
    const { laneOf, lanes, waiting } = this.#watched(object)
    const place = laneOf.get(id)
    if (place) return lanes.get(place.key)?.isBlocked ?? false
    return waiting.some((each) => each.id === id) && [...lanes.values()].some(({ isBlocked }) => isBlocked)
  }

  #checkStart(
    { attempt, life, settings, deliveryId, event }: Attempt,
    tracked: Tracked,
    watched: Watched,
  ): void {
    const { violate, now } = { violate: (text: string) => this.#sim.violate(text), now: this.#sim.now() }
    const { last, ended, dueAt } = tracked
    if (settings.state !== 'active') violate(`I8: ${deliveryId} starts while ${settings.state}`)
    if (watched.inFlight.has(deliveryId)) violate(`${deliveryId} is tried twice at a time`)
    // Where a crash has lost the outcome it begins anew.
    if (now < dueAt && !ended) violate(`I7: ${deliveryId} starts ${dueAt - now} ms early`)
    if (now < watched.quietUntil) violate(`I7: ${deliveryId} starts before Retry-After`)
    if (delayMsOf(settings.retry, attempt) === undefined) violate(`I6: ${deliveryId} has attempt ${attempt}`)
    if (event.head.id !== tracked.eventId) violate(`I3: ${deliveryId} carries ${event.head.id}`)
    if (last?.life === life && attempt !== last.attempt + 1)
      violate(`${deliveryId}: attempt ${attempt} after ${last.attempt}`)
    if (attempt > (last?.attempt ?? 0) + 1) violate(`${deliveryId}: attempt ${attempt} skips some`)
    if (ended?.life === life) violate(`${deliveryId} is sent again after it ended`)
  }

  /** I5: what was accepted before it under the same key has ended, or is in the same batch. */
  #checkOrder(tracked: Tracked, watched: Watched, { settings, batch }: Attempt): void {
    if (settings.ordering === 'none') return
    this.#intoLanes(watched, settings)
    const place = watched.laneOf.get(tracked.id)
    const lane = place && watched.lanes.get(place.key)
    if (!place || !lane) return
    for (; lane.list[lane.ended]?.ended; lane.ended++);
    const companions = new Set(batch?.items.map(({ id }) => id))
    const ahead = lane.list.slice(lane.ended, place.at)
    const passed = ahead.find(({ ended, id }) => !ended && !companions.has(id))
    if (passed) this.#sim.violate(`I5: ${tracked.id} passes ${passed.id}`)
    if (lane.isBlocked && !tracked.ended) this.#sim.violate(`I5: ${tracked.id} passes a blocked one`)
  }

  #intoLanes({ waiting, lanes, laneOf }: Watched, settings: EndpointSettings): void {
    for (const each of waiting.splice(0)) {
      const key = orderingKeyOf(settings, () => each.event)
      if (key === null) continue
      const lane = lanes.get(key) ?? { list: [], ended: 0, isBlocked: false }
      lanes.set(key, lane)
      laneOf.set(each.id, { key, at: lane.list.length })
      lane.list.push(each)
    }
  }

  #end(
    { attempt, life }: Attempt,
    tracked: Tracked,
    watched: Watched,
    outcome: Outcome,
    settings: EndpointSettings,
  ): void {
    const now = this.#sim.now()
    const result = outcome.kind === 'delivered' ? 'delivered' : outcome.reason
    this.#sim.trace(`${tracked.id} attempt ${attempt}: ${result}`)
    tracked.results.set(attempt, new Set([...(tracked.results.get(attempt) ?? []), result]))
    if (outcome.kind === 'deferred') {
      const { retryAfterMs = 0 } = outcome
      if (retryAfterMs > 0) watched.quietUntil = Math.max(watched.quietUntil, now + retryAfterMs)
      const delayMs = delayMsOf(settings.retry, attempt + 1)
      if (delayMs !== undefined) {
        tracked.dueAt = now + Math.max(delayMs, retryAfterMs)
        return
      }
    }
    tracked.ended ??= { as: outcome.kind === 'delivered' ? 'delivered' : 'dead', life }
    tracked.ended.life = life
    const place = watched.laneOf.get(tracked.id)
    const lane = place && watched.lanes.get(place.key)
    if (lane && outcome.kind !== 'delivered' && settings.onExhausted === 'block') lane.isBlocked = true
  }

  #watched(name: string): Watched {
    const known = this.#objects.get(name) ?? {
      lanes: new Map(),
      laneOf: new Map(),
      waiting: [],
      inFlight: new Set(),
      requests: 0,
      quietUntil: 0,
    }
    this.#objects.set(name, known)
    return known
  }
}
