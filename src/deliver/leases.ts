import type { MessageId } from '../model/pull.ts'
import { fromRanges, toRanges, type Ranges } from '../model/ranges.ts'

/** A delivery that is leased for longer is shown as pending meanwhile. Shorter ones are logged when they end. */
const SHOWN_AFTER_MS = 30_000

/** A delivery, or a batch of them, that a consumer has to itself. */
export interface Lease {
  /** Under which it is due: see `parcel.ts`. */
  unit: number
  /** Undefined: the journal has lost it. */
  id: MessageId | undefined
  /** Which poll took it. Grows. */
  page: number
  /** Milliseconds. */
  at: number
  until: number
  keys: (string | null)[]
  isReplay: boolean
  /** When the log is told of it, if it is still leased then and the log knows nothing of it. */
  showAt: number
}

/** As the checkpoint carries it: a page's leases share their times. */
export type LeaseState = { page: number; at: number; until: number; units: Ranges }[]

/** In the checkpoint. */
export interface LeasesState {
  /** What consumers that poll have. Absent: nothing. */
  leases?: LeaseState
}

/** Which deliveries are leased. All of it is in the checkpoint, so that a lease outlives the object's memory. */
export class Leases {
  readonly #leases = new Map<number, Lease>()
  #replays = 0
  #lastPage = 0

  get size(): number {
    return this.#leases.size
  }

  get replays(): number {
    return this.#replays
  }

  /** Grows with time, so that a cursor of an earlier life never names a page of this one. */
  newPage(now: number): number {
    this.#lastPage = Math.max(this.#lastPage + 1, now)
    return this.#lastPage
  }

  add({ isLogged, ...lease }: Omit<Lease, 'showAt'> & { isLogged: boolean }): Lease {
    const whole = { ...lease, showAt: isLogged ? Infinity : lease.at + SHOWN_AFTER_MS }
    this.#leases.set(lease.unit, whole)
    this.#lastPage = Math.max(this.#lastPage, lease.page)
    if (lease.isReplay) this.#replays++
    return whole
  }

  /** Whether it was there. */
  remove({ unit }: Lease): boolean {
    const lease = this.#leases.get(unit)
    if (lease?.isReplay) this.#replays--
    return this.#leases.delete(unit)
  }

  has(unit: number): boolean {
    return this.#leases.has(unit)
  }

  all(): Lease[] {
    return [...this.#leases.values()]
  }

  ofPage(page: number): Lease[] {
    return this.all().filter((lease) => lease.page === page)
  }

  withIds(ids: ReadonlySet<MessageId>): Lease[] {
    return this.all().filter(({ id }) => id !== undefined && ids.has(id))
  }

  endedBy(now: number): Lease[] {
    return this.all().filter(({ until }) => until <= now)
  }

  /** Those that the log is to be told of now, once each. */
  toShow(now: number): Lease[] {
    const due = this.all().filter(({ showAt }) => showAt <= now)
    for (const lease of due) lease.showAt = Infinity
    return due
  }

  /** When the first of them runs out, or is to be shown. */
  wakesAt(): number | undefined {
    let first = Infinity
    for (const { until, showAt } of this.#leases.values()) first = Math.min(first, until, showAt)
    return first === Infinity ? undefined : first
  }

  /** For the checkpoint: nothing, where nothing is leased. */
  state(): LeasesState {
    if (this.#leases.size === 0) return {}
    const pages = Map.groupBy(this.#leases.values(), ({ page }) => page)
    const leases = [...pages.values()].flatMap((ofPage) =>
      ofPage.slice(0, 1).map(({ page, at, until }) => {
        return { page, at, until, units: toRanges(ofPage.map(({ unit }) => unit)) }
      }),
    )
    return { leases }
  }
}

export function* leasesIn(state: LeaseState = []): Iterable<Pick<Lease, 'unit' | 'page' | 'at' | 'until'>> {
  for (const { page, at, until, units } of state) {
    for (const unit of fromRanges(units)) yield { unit, page, at, until }
  }
}
