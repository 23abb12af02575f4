import type { AcceptBatch } from '../model/accept.ts'
import type { EventPointer } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { eraseRecord } from '../model/erasure.ts'
import { decodeEvent, packRecords, unpackRecords } from '../model/event.ts'
import { deliveryIdOf } from '../model/id.ts'
import { itemKey } from './accepted-row.ts'
import { single, type Parcel } from './parcel.ts'
import { withItems } from './repeats.ts'
import { schedule, type Facts } from './schedule.ts'
import type { StoredDelivery } from './store.ts'

/** An attempt that takes longer is written down: the intake is not to wait for it. */
const UNDER_WAY_MS_MAX = 5_000
/** So many at most wait in memory for a place. More are a backlog, which belongs on disk. */
const WAITING_MAX = 12
/** The log takes what gathers within twelve seconds; an outcome that it has not confirmed by then waits for D1. */
const OWED_MS_MAX = 15_000
/** Borrowed deliveries of this life that a repeated hand-over finds again; beyond it the oldest are forgotten. */
const KNOWN_MAX = 20_000

interface Loan {
  delivery: StoredDelivery
  /** The hand-over with this delivery alone. */
  batch: AcceptBatch
  takenAt: number
  isOver: boolean
  /** Where the journal has it by now. */
  position?: number
}

/**
 * Deliveries that are tried before they are written down, while the intake keeps their events: one that succeeds at
 * once never costs this object a row. What is not over within seconds, or fails, is written like any other. Positions
 * of loans are negative. The segment is settled with the intake when its last delivery is durable here or in the log.
 */
export class Loans {
  readonly #settled: (intake: string, segments: number[]) => void
  readonly #loans = new Map<number, Loan>()
  /** Those that have no place yet, in the order in which they came. */
  readonly #waiting = new Set<number>()
  /** By item: the position, while it is owed; 0 afterwards. */
  readonly #known = new Map<string, number>()
  #last = 0

  constructor(settled: (intake: string, segments: number[]) => void) {
    this.#settled = settled
  }

  /** What of a hand-over is new, and the segments of it that are still borrowed. */
  without(batch: AcceptBatch): { fresh: AcceptBatch | undefined; owed: number[] } {
    const known = batch.items.map((item) => {
      const position = this.#known.get(itemKey({ intake: batch.intake, ...item }))
      // A replay, or a retry by hand, wants it once more, unless it is under way.
      return batch.origin === undefined || this.#isUnderWay(position) ? position : undefined
    })
    const owed = batch.items.filter((_, at) => (known[at] ?? 0) < 0).map(({ segment }) => segment)
    const items = batch.items.filter((_, at) => known[at] === undefined)
    if (items.length === batch.items.length) return { fresh: batch, owed: [] }
    return { fresh: items.length === 0 ? undefined : withItems(batch, items), owed: [...new Set(owed)] }
  }

  /** Takes every delivery of a hand-over. */
  take(batch: AcceptBatch, takenAt: number): void {
    const records = unpackRecords(batch.records)
    const { intake } = batch
    for (const item of batch.items) {
      const record = records[item.record]
      if (record === undefined) continue
      const { segment, index, subscriptionId } = item
      const event = decodeEvent(record)
      const id = deliveryIdOf(event.head.id, subscriptionId)
      const delivery = { id, subscriptionId, event, pointer: { intake, segment, index }, triedBefore: 0 }
      const position = --this.#last
      this.#loans.set(position, { delivery, batch: withItems(batch, [item]), takenAt, isOver: false })
      this.#waiting.add(position)
      this.#know(itemKey({ intake, ...item }), position)
    }
  }

  /** Of those that wait for a place, the one that came first. */
  get first(): number | undefined {
    const [first] = this.#waiting
    return first
  }

  get waiting(): number {
    return this.#waiting.size
  }

  begin(position: number): Parcel {
    this.#waiting.delete(position)
    return single(position, { delivery: this.delivery(position), key: null })
  }

  delivery(position: number): StoredDelivery | undefined {
    return this.#loans.get(position)?.delivery
  }

  /** The place in the journal of what is no loan, or no longer one. */
  placeOf(position: number): number {
    return this.#loans.get(position)?.position ?? position
  }

  /** What the journal must hold to have it. */
  batchOf(position: number): AcceptBatch | undefined {
    return this.#loans.get(position)?.batch
  }

  /** What is lent of these events says nothing any more, also when it is written down. */
  erase(isErased: (pointer: EventPointer) => boolean): void {
    for (const loan of this.#loans.values()) {
      if (!isErased(loan.delivery.pointer)) continue
      const [record] = unpackRecords(loan.batch.records)
      if (!record) continue
      const erased = eraseRecord(record).record
      loan.delivery = { ...loan.delivery, event: decodeEvent(erased) }
      loan.batch = { ...loan.batch, records: packRecords([erased]) }
    }
  }

  /** As it is by now: what was lent may have been written down, or erased, since its attempt began. */
  current(parcel: Parcel): Parcel & { position: number } {
    const members = parcel.members.map(({ position, delivery }) => {
      return { position, delivery: this.delivery(position) ?? delivery }
    })
    return { ...parcel, members, position: this.placeOf(parcel.unit) }
  }

  /** Whether the journal's delivery there was a loan, and is still being tried. */
  isUnderWay(place: number): boolean {
    return this.#loans.values().some(({ position }) => position === place)
  }

  /** Those that the intake should not be left with any longer. */
  overdue(now: number): number[] {
    const isOverdue = ({ takenAt, isOver, position }: Loan) =>
      position === undefined && now - takenAt >= (isOver ? OWED_MS_MAX : UNDER_WAY_MS_MAX)
    return [...this.#loans].filter(([, each]) => isOverdue(each)).map(([loan]) => loan)
  }

  /** The journal has it now. Its attempt may go on; answers false if none has begun, so that it is the journal's alone. */
  written(loan: number, position: number): boolean {
    const known = this.#loans.get(loan)
    if (known === undefined) return false
    known.position = position
    this.#repay([known])
    if (!this.#waiting.delete(loan)) return true
    this.#loans.delete(loan)
    return false
  }

  /** The attempt is over; one whose outcome is not durable yet stays owed. */
  ended(loan: number): void {
    const known = this.#loans.get(loan)
    if (known?.position !== undefined) this.#loans.delete(loan)
    else if (known) known.isOver = true
  }

  /** Their outcomes are durable. Answers with the places of those that the journal has got meanwhile. */
  settle(positions: readonly number[]): number[] {
    const loans = positions.flatMap((position) => this.#loans.get(position) ?? [])
    for (const position of positions) this.#loans.delete(position)
    this.#repay(loans.filter(({ position }) => position === undefined))
    return loans.flatMap(({ position }) => position ?? [])
  }

  #isUnderWay(position: number | undefined): boolean {
    return position !== undefined && this.#loans.get(position)?.isOver === false
  }

  /** Tells the intakes of segments of which nothing is owed any more. */
  #repay(loans: readonly Loan[]): void {
    const touched = new Map<string, Set<number>>()
    for (const { delivery, batch } of loans) {
      for (const item of batch.items) this.#know(itemKey({ intake: batch.intake, ...item }), 0)
      const { intake, segment } = delivery.pointer
      touched.set(intake, (touched.get(intake) ?? new Set()).add(segment))
    }
    for (const { delivery, position } of this.#loans.values()) {
      if (position === undefined) touched.get(delivery.pointer.intake)?.delete(delivery.pointer.segment)
    }
    for (const [intake, segments] of touched) if (segments.size > 0) this.#settled(intake, [...segments])
  }

  #know(key: string, position: number): void {
    this.#known.set(key, position)
    const [oldest] = this.#known.keys()
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** Only what is sent at once or soon, and keeps no order: a loan that dies with the object comes back late. */
export function mayBorrow(
  batch: AcceptBatch,
  {
    endpoint,
    waiting,
    facts,
  }: {
    endpoint: Endpoint | undefined
    /** Loans that wait for a place. */
    waiting: number
    /** `next`: of the journal. */
    facts(endpoint: Endpoint): Facts
  },
): boolean {
  if (batch.mayBorrow !== true || batch.origin !== undefined || endpoint === undefined) return false
  const { settings, version } = endpoint
  if (version < batch.endpointVersion || settings.ordering !== 'none') return false
  if (settings.mode === 'pull') return false
  if (settings.delaySeconds > 0 || settings.rateLimit !== null) return false
  // What goes with others waits for them.
  if ((settings.batch ?? null) !== null) return false
  if (batch.items.some(({ deliverAt, aggregate }) => deliverAt !== undefined || aggregate)) return false
  const now = facts(endpoint)
  // What is in the journal was first.
  if (now.next !== undefined) return false
  const places = now.allowance - now.inFlight - waiting
  if (batch.items.length > places + WAITING_MAX) return false
  return schedule({ ...now, inFlight: now.allowance - 1, retry: undefined, next: 1 }).kind === 'next'
}
