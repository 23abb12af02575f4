import type { AcceptBatch, DeliveryRef } from '../model/accept.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { orderingKeyOf } from '../model/ordering-key.ts'
import type { ByHand } from '../model/rpc.ts'
import { placesOf } from '../model/shard.ts'
import { Backlog } from './backlog.ts'
import { orderByHand, withoutWaiting, type Hands } from './by-hand.ts'
import { forgetRemoved } from './forget.ts'
import { Gate } from './gate.ts'
import type { EndpointDeps } from './endpoint-deps.ts'
import { Lanes } from './lanes.ts'
import { Loans, mayBorrow } from './loans.ts'
import { Outbox, type Batch } from './outbox.ts'
import { concludeParcel } from './conclude-batch.ts'
import type { Parts } from './conclude.ts'
import { inputOf, pack, type Parcel } from './parcel.ts'
import { checkpointOf, isWorthKeeping, Progress } from './progress.ts'
import { Pull } from './pull.ts'
import { lastReceipt, resendUnconfirmed } from './recover.ts'
import { Repeats } from './repeats.ts'
import { schedule, type Choice, type Facts } from './schedule.ts'
import type { Checkpoint } from './store.ts'
import { Announcer, cancelSome } from './waiting.ts'
import { nextDue, nextWake, REST_MS, SAFETY_MS } from './wake.ts'

/** The deliveries of one endpoint (docs/delivery.md): accepts durably, drains as the schedule says, logs until confirmed. */
export class EndpointQueue {
  readonly #deps: EndpointDeps
  readonly #outbox: Outbox
  readonly #queue: Omit<Parts, 'endpoint'>
  readonly #backlog: Backlog
  readonly #lanes: Lanes
  readonly #repeats: Repeats
  readonly #loans: Loans
  readonly gate: Gate
  /** For consumers that fetch instead of being sent to. */
  readonly pull: Pull
  readonly #inFlight = new Map<number, { isReplay: boolean }>()
  readonly #announcer: Announcer
  readonly #progress: Progress
  #endpoint: Endpoint | undefined
  /** When the last batch was accepted in this life. */
  #acceptedAt = 0

  constructor(deps: EndpointDeps) {
    const { store, clock } = deps
    this.#deps = deps
    this.#endpoint = store.loadEndpoint()
    const checkpoint = store.checkpoint()
    this.#lanes = new Lanes(store)
    const delaying = () => (this.#endpoint?.isRemoved ? undefined : this.#endpoint?.settings)
    const [keyOf, now] = [this.#keyOf, () => clock.now()]
    this.#backlog = new Backlog({ store, lanes: this.#lanes, keyOf, now, delaying }, checkpoint?.backlog)
    this.gate = new Gate(clock, checkpoint)
    this.#repeats = new Repeats(store)
    this.#loans = new Loans((intake, segments) => deps.settled(intake, segments))
    this.#announcer = new Announcer(checkpoint?.announced)
    this.#outbox = new Outbox(
      {
        clock,
        send: (message) => deps.sendLog(message),
        object: deps.object,
        keep: (batch, message, must) => this.#keep(batch, message, must),
        readKept: (seq) => store.readOutcomes(seq),
      },
      lastReceipt(checkpoint, this.#lanes),
    )
    this.#queue = { store, clock, outbox: this.#outbox, backlog: this.#backlog, lanes: this.#lanes }
    this.pull = new Pull({
      ...deps,
      queue: this.#queue,
      keyOf,
      endpoint: () => this.#endpoint,
      facts: (endpoint) => this.#facts(endpoint),
      take: (choice) => this.#take(choice)?.parcel,
      over: (parcel) => this.#over(parcel),
      settle: (positions) => this.#settle(positions),
      goOn: () => this.#goOn({ isMarked: true }),
    })
    this.pull.resume(checkpoint?.leases)
    this.#progress = new Progress({ ...this.#queue, state: () => this.#checkpoint() })
    resendUnconfirmed(checkpoint, this.#queue)
    this.pull.hold()
    this.#progress.begin()
  }

  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  /** For what is seldom done (by-hand.ts, forget.ts, erase.ts); undefined: it knows no endpoint yet. */
  get hands(): Hands | undefined {
    if (this.#endpoint === undefined) return undefined
    const isInFlight = (position: number) =>
      [this.#inFlight, this.pull.leases].some((each) => each.has(this.#lanes.unitOf(position))) ||
      this.#loans.isUnderWay(position)
    const own = { endpoint: this.#endpoint, loans: this.#loans, keyOf: this.#keyOf }
    return { ...this.#queue, ...own, isInFlight }
  }

  /**
   * I1: durable when it returns (the output gate holds the answer), and a repeat adds nothing. Returns the segments
   * that are only borrowed: of these the intake keeps its copy until they are settled.
   */
  accept(batch: AcceptBatch): number[] {
    const { clock, wakeBy } = this.#deps
    const { fresh: unlent, owed } = this.#loans.without(batch)
    const unknown = unlent && this.#repeats.without(unlent)
    const fresh = unknown?.origin === undefined ? unknown : withoutWaiting(this.#queue, unknown)
    if (fresh === undefined) return owed
    this.#acceptedAt = clock.now()
    const { waiting } = this.#loans
    const facts = (own: Endpoint) => ({ ...this.#facts(own), next: this.#firstOfJournal() })
    const isBorrowed = mayBorrow(fresh, { endpoint: this.#endpoint, waiting, facts })
    if (isBorrowed) this.#loans.take(fresh, this.#acceptedAt)
    else this.#repeats.remember(fresh, this.#progress.accepted(fresh))
    this.drain()
    // What gathers is not due before its window ends: an alarm for each event would say nothing.
    const isWaiting = this.#backlog.isGathering && this.#endpoint?.settings.state === 'active'
    if (isWaiting && this.#isQuiet() && !this.#progress.isDirty) this.arm()
    else wakeBy(this.#acceptedAt + SAFETY_MS)
    const borrowed = isBorrowed ? fresh.items.map(({ segment }) => segment) : []
    return [...new Set([...owed, ...borrowed])]
  }

  /** Takes new settings; older ones than it has are ignored. A resume starts with one attempt and grows from there. */
  configure(endpoint: Endpoint): void {
    if (this.#endpoint && this.#endpoint.version >= endpoint.version) return
    const isResume = this.#endpoint?.settings.state !== 'active' && this.#endpoint !== undefined
    this.#endpoint = endpoint
    this.#deps.store.saveEndpoint(endpoint)
    this.#backlog.regather()
    if (isResume && endpoint.settings.state === 'active') this.gate.resume()
    this.#goOn()
  }

  /** The endpoint was deleted. What waits is cancelled, some at each alarm. */
  remove(endpoint: Endpoint): void {
    this.#endpoint = { ...endpoint, isRemoved: true, settings: { ...endpoint.settings, state: 'disabled' } }
    this.#deps.store.saveEndpoint(this.#endpoint)
    this.#settle(cancelSome({ ...this.#queue, endpoint: this.#endpoint }, this.#lanes))
    this.#outbox.flush()
    // Also when nothing waits: what it keeps is still to be forgotten.
    this.#deps.wakeBy(this.#deps.clock.now() + SAFETY_MS)
  }

  /** Makes a delivery due now, or takes it back, because a person said so. */
  order(what: 'retry' | 'cancel', delivery: DeliveryRef): ByHand {
    const done = orderByHand(this.hands, what, delivery)
    this.#goOn()
    return done
  }

  /** D1 has these outcomes (I9): what ended with them needs nothing more. */
  confirm(receipts: readonly number[]): void {
    for (const receipt of receipts) this.#settle(this.#outbox.confirm(receipt))
    this.#progress.markIfLong()
  }

  /** Starts everything that may start now. Never throws and never waits. */
  drain(): void {
    const endpoint = this.#endpoint
    while (endpoint !== undefined && endpoint.settings.mode !== 'pull') {
      const choice = schedule(this.#facts(endpoint))
      if (choice.kind === 'wait') {
        if (choice.until !== undefined) this.#deps.wakeBy(choice.until)
        break
      }
      const taken = this.#take(choice)
      if (taken) void this.#run(taken.parcel, taken.input)
    }
    this.#outbox.flushIfDue({ isIdle: this.#inFlight.size === 0 })
    this.pull.wake()
  }

  #goOn({ isMarked = false } = {}): void {
    if (isMarked) this.#progress.mark()
    this.drain()
    this.arm()
  }

  #facts({ settings }: Endpoint): Facts {
    const gate = this.gate.facts(settings)
    const next = this.#first()
    const inFlight = this.#inFlight.size
    const retry = nextDue(this.#lanes, this.#backlog)
    const facts = { ...gate, state: settings.state, inFlight, next, retry }
    return settings.mode === 'pull' ? this.pull.factsOf(facts, settings) : facts
  }

  /** What the alarm does. The caller has re-armed before (I4). */
  tick(): void {
    const { store, clock } = this.#deps
    const endpoint = this.#endpoint
    this.pull.tick()
    if (endpoint?.isRemoved) this.#settle(cancelSome({ ...this.#queue, endpoint }, this.#lanes))
    else if (endpoint) this.#announcer.announce({ ...this.#queue, endpoint }, this.#lanes)
    for (const loan of this.#loans.overdue(clock.now())) this.#writeLoan(loan)
    this.#outbox.resend()
    this.drain()
    if (this.#isQuiet()) {
      store.trim(this.#backlog.next)
      // The last of a burst: logged, and at the next alarm written down. Before, the next row says what a mark would.
      const isOver = clock.now() - this.#acceptedAt >= REST_MS
      if (isOver && this.#outbox.isGathering) this.#outbox.flush()
      else if (isOver) this.#progress.rest(this.#outbox)
      if (endpoint?.isRemoved) forgetRemoved({ ...this.#queue, endpoint })
    }
    this.arm()
  }

  /** Sets the alarm that is due next (I4). */
  arm(): void {
    const at = this.nextWakeAt()
    if (at !== undefined) this.#deps.wakeBy(at)
  }

  nextWakeAt(): number | undefined {
    const settings = this.#endpoint?.settings
    return nextWake({
      now: this.#deps.clock.now(),
      isActive: this.#isSending || this.#endpoint?.isRemoved === true,
      isBusy: this.#inFlight.size > 0 || this.#first() !== undefined,
      isDirty: this.#progress.isDirty,
      retryDueAt: nextDue(this.#lanes, this.#backlog)?.dueAt,
      quietUntil: settings ? this.gate.opensAt(settings) : 0,
      resendDueAt: this.#outbox.nextDueAt(),
      leaseEndsAt: this.pull.leases.wakesAt(),
    })
  }

  /** Loans came before what the journal has: while that has something, nothing is lent. */
  #first(): number | undefined {
    const next = this.#firstOfJournal()
    const isUrgent = next !== undefined && this.#deps.store.classOf(next) === 'high'
    return isUrgent ? next : (this.#loans.first ?? next)
  }

  /** Replays get half of the places at most, so that live traffic always finds one that is not theirs. */
  #firstOfJournal(): number | undefined {
    const settings = this.#endpoint?.settings
    const places = settings ? placesOf(settings) : 1
    const sent = [...this.#inFlight.values()].filter(({ isReplay }) => isReplay).length
    const replays = sent + this.pull.leases.replays
    const withReplays = replays < Math.max(1, Math.floor(places / 2))
    return this.#backlog.first({ isSingle: settings?.ordering === 'endpoint', withReplays })
  }

  readonly #keyOf = (position: number): string | null => {
    const settings = this.#endpoint?.settings
    if (settings === undefined || settings.ordering === 'none') return null
    return orderingKeyOf(settings, () => this.#deps.store.delivery(position)?.event)
  }

  /** Takes what was chosen; undefined: the journal no longer holds it. */
  #take({ kind, position }: Exclude<Choice, { kind: 'wait' }>) {
    const parts = { ...this.#queue, keyOf: this.#keyOf }
    const parcel = position < 0 ? this.#loans.begin(position) : pack(kind, position, parts)
    const input = inputOf(parcel, this.#deps.store)
    if (input) {
      this.gate.spend()
      return { parcel, input }
    }
    this.#over(parcel)
    this.#settle([position])
    return undefined
  }

  /** A loan that failed, takes or waits long, becomes a delivery of the journal; answers with its place there. */
  #writeLoan(loan: number): number {
    const batch = this.#loans.batchOf(loan)
    if (batch === undefined || this.#loans.placeOf(loan) >= 0) return this.#loans.placeOf(loan)
    const seq = this.#progress.accepted(batch)
    const position = this.#deps.store.positionIn(seq)
    this.#repeats.remember(batch, seq)
    if (this.#loans.written(loan, position)) this.#backlog.adopt(position)
    return position
  }

  async #run(parcel: Parcel, input: Parameters<EndpointDeps['attempt']>[0]): Promise<void> {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return
    const { unit } = parcel
    this.#inFlight.set(unit, { isReplay: this.#deps.store.classOf(unit) === 'replay' })
    try {
      const attempted = await this.#deps.attempt(input, endpoint)
      const own = { ...this.#queue, endpoint: this.#endpoint ?? endpoint }
      const notice = this.gate.observe(attempted.outcome, attempted.record.durationMs, own.endpoint.settings)
      const sent = { ...this.#loans.current(parcel), place: () => this.#writeLoan(unit) }
      const dueAt = concludeParcel(own, sent, attempted)
      if (dueAt !== undefined) this.#deps.wakeBy(dueAt)
      if (notice) this.#deps.notify({ ...notice, deliveryId: input.deliveryId })
    } catch {
      // A fault of ours, not the receiver's: as if the object had been lost, and with a pause against spinning.
      const now = this.#deps.clock.now()
      if (parcel.batch ?? this.#lanes.get(unit)) this.#lanes.postpone(unit, now + SAFETY_MS)
      else this.#backlog.putBack(this.#writeLoan(unit))
      this.gate.quiet(now + SAFETY_MS)
    } finally {
      this.#inFlight.delete(unit)
      this.#loans.ended(unit)
      this.#over(parcel)
      this.drain()
    }
  }

  /** The place and the keys are free again. */
  #over({ keys }: Pick<Parcel, 'keys'>): void {
    for (const key of keys) this.#lanes.finish(key)
    for (const key of keys) if (key !== null) this.#backlog.release(key)
  }

  /** Deliveries whose outcome is durable: the journal and the retry table need them no more. */
  #settle(positions: readonly number[]): void {
    const lent = this.#loans.settle(positions.filter((position) => position < 0))
    const own = [...positions.filter((position) => position >= 0), ...lent]
    this.#progress.settled(own.length)
    for (const position of own) {
      this.#backlog.settle(position)
      this.#lanes.settle(position)
    }
  }

  #keep(batch: Batch, message: LogMessage, must: boolean): number | undefined {
    if (!must && !isWorthKeeping(batch, this.#outbox.unkept)) return undefined
    this.#settle(batch.ended)
    return this.#progress.kept(message)
  }

  #checkpoint(): Checkpoint {
    const announced = { ...this.#announcer.announced }
    return checkpointOf(this.#queue, { announced, ...this.pull.leases.state(), ...this.gate.state() })
  }

  /** Nothing moves: what is left waits for a time, a resume or a confirmation. */
  #isQuiet(): boolean {
    return this.#inFlight.size === 0 && (!this.#isSending || this.#first() === undefined)
  }

  get #isSending(): boolean {
    const settings = this.#endpoint?.settings
    return settings?.state === 'active' && settings.mode !== 'pull'
  }
}
