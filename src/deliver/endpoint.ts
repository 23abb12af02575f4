import type { AcceptBatch } from '../model/accept.ts'
import type { Outcome } from '../model/attempt.ts'
import type { Clock } from '../model/clock.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import { step, type DeliveryEvent, type DeliveryState } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Notice } from '../model/notice.ts'
import { orderingKeyOf } from '../model/ordering-key.ts'
import { toRanges } from '../model/ranges.ts'
import type { Attempted, AttemptInput } from './attempt.ts'
import { Backlog } from './backlog.ts'
import { Gate } from './gate.ts'
import { Lanes, NEVER } from './lanes.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import { Outbox, type Batch } from './outbox.ts'
import { resendUnconfirmed } from './recover.ts'
import { Repeats } from './repeats.ts'
import { nextDueAt } from './retry.ts'
import { schedule } from './schedule.ts'
import type { Checkpoint, DeliveryStore, StoredDelivery } from './store.ts'
import { announce, cancelSome } from './waiting.ts'
import { nextWake, SAFETY_MS } from './wake.ts'

/** Smaller batches of outcomes are not worth a row: a crash before D1 confirms them repeats these few attempts. */
const KEPT_BATCH_MIN = 8
/** With this many unconfirmed batches in memory, smaller ones are kept as well: D1 is slow or down. */
const UNKEPT_BATCHES_MAX = 16
/** Journals older than this are dropped. */
export const RETENTION_MS = 30 * 86_400_000

export interface EndpointDeps {
  store: DeliveryStore
  clock: Clock
  attempt(input: Omit<AttemptInput, 'secrets' | 'settings'>, endpoint: Endpoint): Promise<Attempted>
  sendLog(message: LogMessage): Promise<void>
  /** Tells the owner what became of the receiver, and disables the endpoint where the notice says so. */
  notify(notice: Notice): void
  /** The name of the object, to which the log's writer confirms. */
  object: string
  /** Makes sure that an alarm comes no later than `at`. */
  wakeBy(at: number): void
}

/** The deliveries of one endpoint (docs/delivery.md): accepts durably, drains as the schedule says, logs until confirmed. */
export class EndpointQueue {
  readonly #deps: EndpointDeps
  readonly #outbox: Outbox
  readonly #backlog: Backlog
  readonly #lanes: Lanes
  readonly #repeats: Repeats
  readonly #gate: Gate
  readonly #inFlight = new Map<number, { isReplay: boolean }>()
  readonly #announced: Checkpoint['announced']
  #endpoint: Endpoint | undefined
  /** The checkpoint that the journal carries. */
  #written: string

  constructor(deps: EndpointDeps) {
    const { store, clock } = deps
    this.#deps = deps
    this.#endpoint = store.loadEndpoint()
    const checkpoint = store.checkpoint()
    this.#lanes = new Lanes(store)
    this.#backlog = new Backlog(
      {
        positionFrom: (journalClass, position) => store.positionFrom(journalClass, position),
        keyOf: (position) => this.#keyOf(position),
        lanes: this.#lanes,
      },
      checkpoint?.backlog,
    )
    this.#gate = new Gate(clock, checkpoint)
    this.#repeats = new Repeats(store)
    this.#announced = checkpoint?.announced ?? { high: 0, normal: 0, low: 0, replay: 0 }
    const receipts = [...this.#lanes.rows()].map(({ receipt }) => receipt)
    this.#outbox = new Outbox(
      {
        now: () => clock.now(),
        send: (message) => deps.sendLog(message),
        object: deps.object,
        keep: (batch, message) => this.#keep(batch, message),
        readKept: (seq) => store.readOutcomes(seq),
      },
      receipts.reduce((last, each) => Math.max(last, each), checkpoint?.receipt ?? 0),
    )
    resendUnconfirmed(checkpoint, { store, outbox: this.#outbox, lanes: this.#lanes })
    this.#written = JSON.stringify(this.#checkpoint())
  }

  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  /** I1: durable when it returns (the output gate holds the answer), and a repeat adds nothing. */
  accept(batch: AcceptBatch): void {
    const { store, clock, wakeBy } = this.#deps
    const fresh = this.#repeats.without(batch)
    if (fresh === undefined) return
    const now = clock.now()
    const seq = store.nextSeq
    const checkpoint = this.#checkpoint()
    store.appendAccepted(fresh, checkpoint, now)
    this.#written = JSON.stringify(checkpoint)
    this.#repeats.remember(fresh, seq)
    wakeBy(now + SAFETY_MS)
    this.drain()
  }

  /** Takes new settings; older ones than it has are ignored. A resume starts with one attempt and grows from there. */
  configure(endpoint: Endpoint): void {
    if (this.#endpoint && this.#endpoint.version >= endpoint.version) return
    const isResume = this.#endpoint?.settings.state !== 'active' && this.#endpoint !== undefined
    this.#endpoint = endpoint
    this.#deps.store.saveEndpoint(endpoint)
    if (isResume && endpoint.settings.state === 'active') this.#gate.resume()
    this.drain()
    this.arm()
  }

  /** The endpoint was deleted. What waits is cancelled, some at each alarm. */
  remove(endpoint: Endpoint): void {
    this.#endpoint = { ...endpoint, isRemoved: true, settings: { ...endpoint.settings, state: 'disabled' } }
    this.#deps.store.saveEndpoint(this.#endpoint)
    this.#cancelSome(this.#endpoint)
    this.#outbox.flush()
    this.arm()
  }

  /** D1 has these outcomes (I9): what ended with them needs nothing more. */
  confirm(receipts: readonly number[]): void {
    for (const receipt of receipts) this.#settle(this.#outbox.confirm(receipt))
  }

  /** Starts everything that may start now. Never throws and never waits. */
  drain(): void {
    const settings = this.#endpoint?.settings
    while (settings !== undefined) {
      const gate = this.#gate.facts(settings)
      const facts = { ...gate, state: settings.state, inFlight: this.#inFlight.size }
      const choice = schedule({ ...facts, retry: this.#lanes.first(), next: this.#first() })
      if (choice.kind === 'wait') {
        if (choice.until !== undefined) this.#deps.wakeBy(choice.until)
        break
      }
      this.#start(choice.kind, choice.position)
    }
    if (this.#inFlight.size === 0) this.#outbox.flush()
    else this.#outbox.flushIfDue()
  }

  /** What the alarm does. The caller has re-armed before (I4). */
  tick(): void {
    const { store, clock } = this.#deps
    const endpoint = this.#endpoint
    if (endpoint?.isRemoved) this.#cancelSome(endpoint)
    else if (endpoint)
      announce({ store, outbox: this.#outbox, backlog: this.#backlog, endpoint }, this.#announced)
    this.#outbox.resend()
    this.drain()
    if (this.#isQuiet()) {
      store.trim(this.#backlog.next)
      store.retain({ before: clock.now() - RETENTION_MS, keepFromPosition: this.#oldestNeeded() })
      const checkpoint = this.#checkpoint()
      store.mark(checkpoint, clock.now())
      this.#written = JSON.stringify(checkpoint)
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
    const retry = this.#lanes.first()
    return nextWake({
      now: this.#deps.clock.now(),
      isActive: settings?.state === 'active' || this.#endpoint?.isRemoved === true,
      isBusy: this.#inFlight.size > 0 || this.#first() !== undefined,
      isDirty: this.#isDirty(),
      retryDueAt: retry && retry.dueAt < NEVER ? retry.dueAt : undefined,
      quietUntil: settings ? this.#gate.opensAt(settings) : 0,
      resendDueAt: this.#outbox.nextDueAt(),
    })
  }

  /** Replays get half of the places at most, so that live traffic always finds one that is not theirs. */
  #first(): number | undefined {
    const { ordering = 'none', concurrency = 1 } = this.#endpoint?.settings ?? {}
    const replays = [...this.#inFlight.values()].filter(({ isReplay }) => isReplay).length
    const withReplays = replays < Math.max(1, Math.floor(concurrency / 2))
    return this.#backlog.first({ isSingle: ordering === 'endpoint', withReplays })
  }

  #keyOf(position: number): string | null {
    const settings = this.#endpoint?.settings
    if (settings === undefined || settings.ordering === 'none') return null
    return orderingKeyOf(settings, () => this.#deps.store.delivery(position)?.event)
  }

  #start(kind: 'retry' | 'next', position: number): void {
    const delivery = this.#deps.store.delivery(position)
    const key = kind === 'retry' ? (this.#lanes.get(position)?.key ?? null) : this.#keyOf(position)
    if (kind === 'next') this.#backlog.take(position)
    this.#lanes.start(position, key)
    if (delivery) {
      this.#gate.spend()
      void this.#run(position, key, delivery)
    } else {
      this.#over(key)
      this.#settle([position])
    }
  }

  async #run(position: number, key: string | null, delivery: StoredDelivery): Promise<void> {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return
    const retry = this.#lanes.get(position)
    const attempts = Math.max(retry?.attempts ?? 0, delivery.triedBefore) + 1
    const before = attempts > delivery.triedBefore + 1 ? 'retrying' : 'pending'
    const state: DeliveryState = { status: 'sending', attempts, before }
    this.#inFlight.set(position, { isReplay: this.#deps.store.classOf(position) === 'replay' })
    try {
      const { id, event } = delivery
      const attempted = await this.#deps.attempt({ deliveryId: id, event, attempt: attempts }, endpoint)
      this.#record({ position, key, delivery, from: state, attempted })
    } catch {
      // A fault of ours, not the receiver's: as if the object had been lost, and with a pause against spinning.
      const now = this.#deps.clock.now()
      if (retry) this.#lanes.postpone(position, now + SAFETY_MS)
      else this.#backlog.putBack(position)
      this.#gate.quiet(now + SAFETY_MS)
    } finally {
      this.#inFlight.delete(position)
      this.#over(key)
      this.drain()
    }
  }

  /** The place and the key are free again. */
  #over(key: string | null): void {
    this.#lanes.finish(key)
    if (key !== null) this.#backlog.release(key)
  }

  #record({
    position,
    key,
    delivery,
    from,
    attempted,
  }: {
    position: number
    key: string | null
    delivery: StoredDelivery
    from: DeliveryState
    attempted: Attempted
  }): void {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return
    const { outcome, record } = attempted
    const notice = this.#gate.observe(outcome, record.durationMs, endpoint.settings)
    const state = step(from, this.#eventOf(outcome, from.attempts - delivery.triedBefore, endpoint))
    const retry = this.#lanes.get(position)
    const carried =
      retry && !this.#outbox.isConfirmed(retry.receipt) ? this.#deps.store.retryLog(position) : undefined
    const row = deliveryRow({ delivery, endpointId: endpoint.id, state, outcome, record, carried })
    const event = from.attempts === 1 ? eventRowOf(delivery) : undefined
    const isBlocking = state.status === 'dead' && key !== null && endpoint.settings.onExhausted === 'block'
    if (state.status === 'retrying' || isBlocking) {
      const receipt = this.#outbox.add(row, event)
      const dueAt = state.status === 'retrying' ? state.dueAt : NEVER
      this.#lanes.put({ position, dueAt, attempts: state.attempts, receipt, key }, row)
      this.#backlog.settle(position)
      if (dueAt < NEVER) this.#deps.wakeBy(dueAt)
    } else {
      this.#lanes.end(position)
      this.#outbox.add(row, event, position)
    }
    if (notice) this.#deps.notify({ ...notice, deliveryId: delivery.id })
  }

  #eventOf(outcome: Outcome, attempts: number, { settings }: Endpoint): DeliveryEvent {
    const { clock } = this.#deps
    if (outcome.kind !== 'deferred') return { kind: outcome.kind }
    const { retryAfterMs } = outcome
    const facts = {
      policy: settings.retry,
      attempts,
      now: clock.now(),
      retryAfterMs,
      random: () => clock.random(),
    }
    return { kind: 'deferred', dueAt: nextDueAt(facts) }
  }

  /** Deliveries whose outcome is durable: the journal and the retry table need them no more. */
  #settle(positions: readonly number[]): void {
    for (const position of positions) {
      this.#backlog.settle(position)
      this.#lanes.settle(position)
    }
  }

  #keep(batch: Batch, message: LogMessage): number | undefined {
    const { store, clock } = this.#deps
    if (batch.rows.length < KEPT_BATCH_MIN && this.#outbox.unkept < UNKEPT_BATCHES_MAX) return undefined
    this.#settle(batch.ended)
    const seq = store.nextSeq
    const checkpoint = { ...this.#checkpoint(), outcomes: toRanges([...this.#outbox.keptSeqs(), seq]) }
    store.appendOutcomes(message, checkpoint, clock.now())
    this.#written = JSON.stringify(checkpoint)
    return seq
  }

  #cancelSome(endpoint: Endpoint): void {
    const { store } = this.#deps
    this.#settle(cancelSome({ store, outbox: this.#outbox, backlog: this.#backlog, endpoint }, this.#lanes))
  }

  #checkpoint(): Checkpoint {
    return {
      backlog: this.#backlog.state(),
      outcomes: toRanges(this.#outbox.keptSeqs()),
      receipt: this.#outbox.lastReceipt,
      unconfirmed: this.#outbox.receipts(),
      announced: { ...this.#announced },
      ...this.#gate.state(),
    }
  }

  #isDirty(): boolean {
    return JSON.stringify(this.#checkpoint()) !== this.#written
  }

  /** Nothing moves: what is left waits for a time, a resume or a confirmation. */
  #isQuiet(): boolean {
    const isHeld = this.#endpoint?.settings.state !== 'active'
    return this.#inFlight.size === 0 && (isHeld || this.#first() === undefined)
  }

  #oldestNeeded(): number {
    const needed = [this.#deps.store.endPosition, this.#backlog.oldest(), ...this.#lanes.positions()]
    return needed.reduce((oldest, each) => Math.min(oldest, each), Infinity)
  }
}
