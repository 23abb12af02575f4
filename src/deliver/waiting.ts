import type { Clock } from '../model/clock.ts'
import type { DeliveryState } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../model/journal-class.ts'
import type { Backlog } from './backlog.ts'
import type { Lanes } from './lanes.ts'
import { deliveryRow, eventRowOf } from './log-row.ts'
import type { Outbox } from './outbox.ts'
import type { DeliveryStore } from './store.ts'

/** Deliveries that are made visible, or cancelled, at one alarm. */
const AT_ONCE_MAX = 200
/** What gathers for no longer is not shown: it is sent about as soon as it would be seen. */
const GATHERING_SHOWN_MS = 60_000

export interface Waiting {
  store: DeliveryStore
  outbox: Outbox
  backlog: Backlog
  endpoint: Endpoint
  clock: Clock
}

/** Shows what has waited longer than an instant as pending or held, so that a list has no blind spot. */
export class Announcer {
  /** What stands below it in its class is in D1, or has a row of its own. */
  readonly announced: Record<JournalClass, number>
  /** Of those with a row of their own. After a crash they are shown again, which changes nothing. */
  readonly #shown = new Set<number>()

  constructor(announced: Record<JournalClass, number> | undefined) {
    this.announced = announced ?? { high: 0, normal: 0, low: 0, replay: 0 }
  }

  announce(waiting: Waiting, lanes: Lanes): void {
    for (const each of JOURNAL_CLASSES) this.#announceClass(waiting, each)
    let count = 0
    for (const { position, attempts, receipt, dueAt } of lanes.rows()) {
      if (attempts > 0 || receipt > 0 || this.#shown.has(position) || count++ >= AT_ONCE_MAX) continue
      this.#shown.add(position)
      show(waiting, position, dueAt === 0 ? null : dueAt)
    }
    const gathering = new Set(waiting.backlog.gathering(GATHERING_SHOWN_MS))
    for (const position of gathering) {
      if (this.#shown.has(position) || count++ >= AT_ONCE_MAX) continue
      this.#shown.add(position)
      show(waiting, position, null)
    }
    for (const position of this.#shown) {
      if (!lanes.get(position) && !gathering.has(position)) this.#shown.delete(position)
    }
  }

  #announceClass(waiting: Waiting, journalClass: JournalClass): void {
    const { store, backlog } = waiting
    for (let shown = 0; shown < AT_ONCE_MAX; shown++) {
      const from = Math.max(this.announced[journalClass], backlog.next[journalClass])
      const position = store.positionFrom(journalClass, from)
      if (position === undefined || !show(waiting, position, null)) break
      this.announced[journalClass] = position + 1
    }
  }
}

/** Tells the log that it waits. False: the journal no longer holds it. */
export function show(
  { store, outbox, endpoint, clock }: Waiting,
  position: number,
  dueAt: number | null,
): boolean {
  const delivery = store.delivery(position)
  if (delivery === undefined) return false
  const state = stateOf(delivery.triedBefore, endpoint, dueAt ?? clock.now())
  outbox.add(deliveryRow({ delivery, endpointId: endpoint.id, state, dueAt }), eventRowOf(delivery))
  return true
}

function stateOf(attempts: number, { settings }: Endpoint, dueAt: number): DeliveryState {
  if (settings.state !== 'active') return { status: 'held', attempts, dueAt }
  return attempts === 0 ? { status: 'pending', attempts } : { status: 'retrying', attempts, dueAt }
}

/** Cancels some of what waits. Returns the positions that need nothing more at once, for want of anything to log. */
export function cancelSome(waiting: Waiting, lanes: Lanes): number[] {
  const { backlog } = waiting
  const lost: number[] = []
  for (let count = 0; count < AT_ONCE_MAX;) {
    const retry = lanes.first()
    const position = retry?.position ?? backlog.first({ isSingle: false, withReplays: true })
    if (position === undefined) break
    if (retry === undefined) backlog.take(position)
    const batch = lanes.batches.get(position)?.members.map(([each]) => each)
    for (const each of batch ?? [position]) {
      if (!cancel(waiting, lanes, each)) lost.push(each)
      count++
    }
  }
  return lost
}

/** False: the journal no longer holds it. */
function cancel({ store, outbox, endpoint }: Waiting, lanes: Lanes, position: number): boolean {
  const delivery = store.delivery(position)
  const attempts = Math.max(lanes.get(position)?.attempts ?? 0, delivery?.triedBefore ?? 0)
  lanes.end(position)
  if (delivery === undefined) return false
  const state: DeliveryState = { status: 'cancelled', attempts }
  outbox.add(deliveryRow({ delivery, endpointId: endpoint.id, state }), eventRowOf(delivery), position)
  return true
}
