import type { AcceptBatch } from '../model/accept.ts'
import type { Outcome } from '../model/attempt.ts'
import type { Clock } from '../model/clock.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import { step, type DeliveryEvent, type DeliveryState } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { fromRanges, toRanges } from '../model/ranges.ts'
import type { Attempted, AttemptInput } from './attempt.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import { Outbox, type Batch } from './outbox.ts'
import { Progress } from './progress.ts'
import { Repeats } from './repeats.ts'
import { Retries } from './retries.ts'
import { nextDueAt } from './retry.ts'
import { schedule, type Choice } from './schedule.ts'
import type { Checkpoint, DeliveryStore, StoredDelivery } from './store.ts'
import { nextWake, SAFETY_MS } from './wake.ts'

/** Smaller batches of outcomes are not worth a row: a crash before D1 confirms them repeats these few attempts. */
const KEPT_BATCH_MIN = 8
/** With this many unconfirmed batches in memory, smaller ones are kept as well: D1 is slow or down. */
const UNKEPT_BATCHES_MAX = 16
/** Deliveries that are made visible as pending at one alarm. */
const ANNOUNCED_AT_ONCE_MAX = 200
/** Accepted and not delivered for this long: given up. Journals older than this are dropped. */
export const RETENTION_MS = 30 * 86_400_000

export interface EndpointDeps {
  store: DeliveryStore
  clock: Clock
  attempt(input: Omit<AttemptInput, 'secrets' | 'settings'>, endpoint: Endpoint): Promise<Attempted>
  sendLog(message: LogMessage): Promise<void>
  /** The name of the object, to which the log's writer confirms. */
  object: string
  /** Makes sure that an alarm comes no later than `at`. */
  wakeBy(at: number): void
}

/** The deliveries of one endpoint (docs/delivery.md): accepts durably, drains as the schedule says, logs until confirmed. */
export class EndpointQueue {
  readonly #deps: EndpointDeps
  readonly #outbox: Outbox
  #endpoint: Endpoint | undefined
  readonly #progress: Progress
  readonly #inFlight = new Set<number>()
  readonly #retries: Retries
  readonly #repeats: Repeats
  #quietUntil: number
  #announced: number
  /** The checkpoint that the journal carries. */
  #written: string

  constructor(deps: EndpointDeps) {
    const { store } = deps
    this.#deps = deps
    this.#endpoint = store.loadEndpoint()
    const checkpoint = store.checkpoint()
    this.#progress = new Progress(checkpoint ?? { next: 0, open: [] }, (from) => store.positionFrom(from))
    this.#quietUntil = checkpoint?.quietUntil ?? 0
    this.#announced = checkpoint?.announced ?? 0
    let lastReceipt = checkpoint?.receipt ?? 0
    this.#retries = new Retries(store)
    for (const [, { receipt }] of this.#retries.entries()) lastReceipt = Math.max(lastReceipt, receipt)
    this.#repeats = new Repeats(store)
    this.#outbox = new Outbox(
      {
        now: () => deps.clock.now(),
        send: (message) => deps.sendLog(message),
        object: deps.object,
        keep: (batch, message) => this.#keep(batch, message),
        readKept: (seq) => store.readOutcomes(seq),
      },
      lastReceipt,
    )
    this.#adopt(checkpoint)
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

  /** Takes new settings; older ones than it has are ignored. */
  configure(endpoint: Endpoint): void {
    if (this.#endpoint && this.#endpoint.version >= endpoint.version) return
    this.#endpoint = endpoint
    this.#deps.store.saveEndpoint(endpoint)
    this.drain()
    this.arm()
  }

  /** The endpoint was deleted. What waits is cancelled, some at each alarm. */
  remove(endpoint: Endpoint): void {
    this.#endpoint = { ...endpoint, isRemoved: true, settings: { ...endpoint.settings, state: 'disabled' } }
    this.#deps.store.saveEndpoint(this.#endpoint)
    this.#cancelSome()
    this.#outbox.flush()
    this.arm()
  }

  /** D1 has these outcomes (I9): what ended with them needs nothing more. */
  confirm(receipts: readonly number[]): void {
    for (const receipt of receipts) this.#settle(this.#outbox.confirm(receipt))
  }

  /** Starts everything that may start now. Never throws and never waits. */
  drain(): void {
    const { clock, store } = this.#deps
    const settings = this.#endpoint?.settings
    while (settings !== undefined) {
      const choice = schedule({
        now: clock.now(),
        settings,
        inFlight: this.#inFlight.size,
        retry: this.#retries.first(),
        next: this.#progress.first(),
        quietUntil: this.#quietUntil,
      })
      if (choice.kind === 'wait') {
        if (choice.until !== undefined) this.#deps.wakeBy(choice.until)
        break
      }
      const delivery = store.delivery(choice.position)
      this.#take(choice)
      if (delivery) void this.#run(choice.position, delivery)
      else this.#settle([choice.position])
    }
    if (this.#inFlight.size === 0) this.#outbox.flush()
    else this.#outbox.flushIfDue()
  }

  /** What the alarm does. The caller has re-armed before (I4). */
  tick(): void {
    const { store, clock } = this.#deps
    if (this.#endpoint?.isRemoved) this.#cancelSome()
    else this.#announce()
    this.#outbox.resend()
    this.drain()
    if (this.#isQuiet()) {
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
    const isActive = this.#endpoint?.settings.state === 'active' || this.#endpoint?.isRemoved === true
    return nextWake({
      now: this.#deps.clock.now(),
      isActive,
      isBusy: this.#inFlight.size > 0 || this.#progress.first() !== undefined,
      isDirty: this.#isDirty(),
      retryDueAt: this.#retries.first()?.dueAt,
      quietUntil: this.#quietUntil,
      resendDueAt: this.#outbox.nextDueAt(),
    })
  }

  #take({ kind, position }: Exclude<Choice, { kind: 'wait' }>): void {
    if (kind === 'retry') this.#retries.take(position)
    else this.#progress.take(position)
  }

  async #run(position: number, delivery: StoredDelivery): Promise<void> {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return
    const retry = this.#retries.get(position)
    const attempts = (retry?.attempts ?? 0) + 1
    const state: DeliveryState = { status: 'sending', attempts, before: retry ? 'retrying' : 'pending' }
    this.#inFlight.add(position)
    try {
      const attempted = await this.#deps.attempt(
        { deliveryId: delivery.id, event: delivery.event, attempt: attempts },
        endpoint,
      )
      this.#record(position, delivery, state, attempted)
    } catch {
      // A fault of ours, not the receiver's: as if the object had been lost, and with a pause against spinning.
      const now = this.#deps.clock.now()
      if (retry) this.#retries.postpone(position, now + SAFETY_MS)
      else this.#progress.putBack(position)
      this.#quietUntil = Math.max(this.#quietUntil, now + SAFETY_MS)
    } finally {
      this.#inFlight.delete(position)
      this.drain()
    }
  }

  #record(
    position: number,
    delivery: StoredDelivery,
    from: DeliveryState,
    { outcome, record }: Attempted,
  ): void {
    const { store, object } = this.#deps
    const endpointId = this.#endpoint?.id
    if (endpointId === undefined) throw new Error(`record: ${object} has no settings`)
    const state = step(from, this.#eventOf(outcome, from.attempts))
    const retry = this.#retries.get(position)
    const carried = retry && !this.#outbox.isConfirmed(retry.receipt) ? store.retryLog(position) : undefined
    const row = deliveryRow({ delivery, endpointId, state, outcome, record, carried })
    const event = from.attempts === 1 ? eventRowOf(delivery) : undefined
    if (state.status === 'retrying') {
      const receipt = this.#outbox.add(row, event)
      const { attempts, dueAt } = state
      this.#retries.put({ position, dueAt, attempts, receipt }, row)
      this.#progress.settle(position)
      this.#deps.wakeBy(dueAt)
    } else {
      this.#outbox.add(row, event, position)
    }
  }

  #eventOf(outcome: Outcome, attempts: number): DeliveryEvent {
    const { clock } = this.#deps
    if (outcome.kind !== 'deferred') return { kind: outcome.kind }
    const now = clock.now()
    const { retryAfterMs } = outcome
    if (retryAfterMs !== undefined) this.#quietUntil = Math.max(this.#quietUntil, now + retryAfterMs)
    const policy = this.#endpoint?.settings.retry ?? { preset: 'standard' }
    return {
      kind: 'deferred',
      dueAt: nextDueAt({ policy, attempts, now, retryAfterMs, random: () => clock.random() }),
    }
  }

  /** Deliveries whose outcome is durable: the journal and the retry table need them no more. */
  #settle(positions: readonly number[]): void {
    for (const position of positions) {
      this.#progress.settle(position)
      this.#retries.settle(position)
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

  /** Everything that is waited for longer than an instant is shown as pending, so that a list has no blind spot. */
  #announce(): void {
    const { store } = this.#deps
    const endpointId = this.#endpoint?.id
    let position = store.positionFrom(Math.max(this.#announced, this.#progress.next))
    for (
      let shown = 0;
      endpointId !== undefined && position !== undefined && shown < ANNOUNCED_AT_ONCE_MAX;
      shown++
    ) {
      const delivery = store.delivery(position)
      const isHeld = this.#endpoint?.settings.state !== 'active'
      const state: DeliveryState = isHeld
        ? { status: 'held', attempts: 0, dueAt: 0 }
        : { status: 'pending', attempts: 0 }
      if (delivery) this.#outbox.add(deliveryRow({ delivery, endpointId, state }), eventRowOf(delivery))
      this.#announced = position + 1
      position = store.positionFrom(this.#announced)
    }
  }

  #cancelSome(): void {
    const { store } = this.#deps
    const endpointId = this.#endpoint?.id
    for (let count = 0; count < ANNOUNCED_AT_ONCE_MAX && endpointId !== undefined; count++) {
      const retry = this.#retries.first()
      const position = retry?.position ?? this.#progress.first()
      if (position === undefined) return
      this.#take({ kind: retry ? 'retry' : 'next', position })
      const delivery = store.delivery(position)
      const attempts = this.#retries.get(position)?.attempts ?? 0
      const state: DeliveryState = { status: 'cancelled', attempts }
      if (delivery)
        this.#outbox.add(deliveryRow({ delivery, endpointId, state }), eventRowOf(delivery), position)
      else this.#settle([position])
    }
  }

  /** After a crash: outcomes that D1 may not have are sent again. */
  #adopt(checkpoint: Checkpoint | undefined): void {
    const { store } = this.#deps
    for (const seq of fromRanges(checkpoint?.outcomes ?? [])) {
      const message = store.readOutcomes(seq)
      if (message) this.#outbox.adopt(seq, message)
    }
    const unconfirmed = new Set(checkpoint?.unconfirmed)
    for (const [position, retry] of this.#retries.entries()) {
      if (retry.receipt <= (checkpoint?.receipt ?? 0) && !unconfirmed.has(retry.receipt)) continue
      const row = store.retryLog(position)
      const delivery = store.delivery(position)
      if (row && delivery) retry.receipt = this.#outbox.add(row, eventRowOf(delivery))
    }
  }

  #checkpoint(): Checkpoint {
    return {
      next: this.#progress.next,
      open: this.#progress.open(),
      outcomes: toRanges(this.#outbox.keptSeqs()),
      receipt: this.#outbox.lastReceipt,
      unconfirmed: this.#outbox.receipts(),
      quietUntil: this.#quietUntil,
      announced: this.#announced,
    }
  }

  #isDirty(): boolean {
    return JSON.stringify(this.#checkpoint()) !== this.#written
  }

  /** Nothing moves: what is left waits for a time, a resume or a confirmation. */
  #isQuiet(): boolean {
    return (
      this.#inFlight.size === 0 &&
      (this.#progress.first() === undefined || this.#endpoint?.settings.state !== 'active')
    )
  }

  #oldestNeeded(): number {
    const needed = [
      this.#deps.store.endPosition,
      this.#progress.oldest(),
      ...[...this.#retries.entries()].map(([position]) => position),
    ]
    return needed.reduce((oldest, each) => Math.min(oldest, each), Infinity)
  }
}
