import type { AcceptBatch } from '../model/accept.ts'
import type { Clock } from '../model/clock.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import { fromRanges, toRanges } from '../model/ranges.ts'
import type { Backlog } from './backlog.ts'
import type { Lanes } from './lanes.ts'
import type { Batch, Outbox } from './outbox.ts'
import type { Checkpoint, DeliveryStore } from './store.ts'

/** Smaller batches of outcomes are not worth a row: a crash before D1 confirms them repeats these few attempts. */
const KEPT_BATCH_MIN = 32
/** With this many unconfirmed batches in memory, smaller ones are kept as well: D1 is slow or down. */
const UNKEPT_BATCHES_MAX = 16
/** So many deliveries that D1 confirmed are worth a row: a crash, or a deploy, would repeat them. */
const UNWRITTEN_MAX = 64

export interface ProgressDeps {
  store: DeliveryStore
  clock: Clock
  backlog: Backlog
  lanes: Lanes
  /** How things stand. */
  state(): Checkpoint
}

/** What the journal says of how things stand: every row carries it, and a mark is a row for it alone. */
export class Progress {
  readonly #deps: ProgressDeps
  /** The checkpoint that the journal carries, and how many deliveries were settled since. */
  #written = ''
  #receipt = 0
  #unwritten = 0

  constructor(deps: ProgressDeps) {
    this.#deps = deps
  }

  /** What stands now is what the journal says, but for what every new life does again. */
  begin(): void {
    const state = this.#deps.state()
    this.#written = this.#worth(state)
    this.#receipt = state.receipt
  }

  /** Receipts grow with time, so the last one alone is not worth a row. */
  get isDirty(): boolean {
    const { lanes, state } = this.#deps
    return lanes.batches.isWaiting || this.#worth({ ...state(), receipt: this.#receipt }) !== this.#written
  }

  /** One row for the whole batch; answers its sequence number. */
  accepted(batch: AcceptBatch): number {
    const { store, clock, state } = this.#deps
    const seq = store.nextSeq
    const checkpoint = state()
    store.appendAccepted(batch, checkpoint, clock.now())
    this.#wrote(checkpoint)
    return seq
  }

  /** One row for a batch of outcomes; answers its sequence number. */
  kept(message: LogMessage): number {
    const { store, clock, state } = this.#deps
    const seq = store.nextSeq
    const checkpoint = state()
    const outcomes = toRanges([...fromRanges(checkpoint.outcomes), seq])
    store.appendOutcomes(message, { ...checkpoint, outcomes }, clock.now())
    this.#wrote({ ...checkpoint, outcomes })
    return seq
  }

  mark(): void {
    if (!this.isDirty) return
    const { store, clock, state } = this.#deps
    const checkpoint = state()
    store.mark(checkpoint, clock.now())
    this.#wrote(checkpoint)
  }

  /** The object may leave memory: what D1 has not confirmed by now would be tried again, so it is written down too. */
  rest(outbox: Outbox): void {
    outbox.keepUnconfirmed()
    this.mark()
  }

  settled(count: number): void {
    this.#unwritten += count
  }

  markIfLong(): void {
    if (this.#unwritten >= UNWRITTEN_MAX) this.mark()
  }

  #wrote(checkpoint: Checkpoint): void {
    this.#written = this.#worth(checkpoint)
    this.#receipt = checkpoint.receipt
    this.#unwritten = 0
    this.#deps.lanes.batches.written()
  }

  /** What of it is worth a row. */
  #worth(checkpoint: Checkpoint): string {
    return JSON.stringify({ ...checkpoint, backlog: this.#deps.backlog.progress() })
  }
}

export function checkpointOf(
  { backlog, outbox }: { backlog: Backlog; outbox: Outbox },
  others: Omit<Checkpoint, 'backlog' | 'outcomes' | 'receipt' | 'unconfirmed'>,
): Checkpoint {
  return {
    backlog: backlog.state(),
    outcomes: toRanges(outbox.keptSeqs()),
    receipt: outbox.lastReceipt,
    unconfirmed: outbox.receipts(),
    ...others,
  }
}

export function isWorthKeeping(batch: Batch, unkept: number): boolean {
  return batch.rows.length >= KEPT_BATCH_MIN || unkept >= UNKEPT_BATCHES_MAX
}
