import type { EndpointSettings } from '../model/endpoint.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../model/journal-class.ts'
import { fromRanges, toRanges, type Ranges } from '../model/ranges.ts'
import { heldUntil } from './delay.ts'
import { formOf, Gathering, hasRoom, type Form } from './gathering.ts'
import { insert, type Lanes } from './lanes.ts'
import type { DeliveryStore } from './store.ts'

/** Deliveries of busy keys that wait in memory; more of them get rows, so that they hold up nobody else. */
const SET_ASIDE_MAX = 256
/** How often each class of the journal is asked first, in a round: the higher ones go first, the lower ones never starve. */
const SHARES = { high: 8, normal: 4, low: 1 } as const

export interface BacklogDeps {
  store: Pick<DeliveryStore, 'positionFrom' | 'classOf' | 'delivery' | 'deliverAt' | 'aggregateOf'>
  lanes: Lanes
  /** The ordering key of a delivery; null: it is bound to no order. */
  keyOf(position: number): string | null
  now(): number
  /** Whose delays hold; undefined: nobody's. */
  delaying(): EndpointSettings | undefined
}

export interface BacklogState {
  next: Record<JournalClass, number>
  open: Ranges
  /** Gone before their turn. Absent: none. */
  left?: Ranges
}

/**
 * What the journal still holds: what was never started, what was started and is not settled, and what waits for its
 * key. A delivery of a key that is busy is set aside, so that a stuck key delays only itself (I5).
 */
export class Backlog {
  readonly #deps: BacklogDeps
  readonly next: Record<JournalClass, number>
  /** Not settled when the object last died: these start again, before anything new. Ascending. */
  readonly #redo: number[]
  /** Taken from the journal in this life and not settled. */
  readonly #open = new Set<number>()
  readonly #aside = new Map<string, number[]>()
  #asideCount = 0
  /** Gone from here, though the journal is not read so far: cancelled, or with a row of their own. */
  readonly #left: Set<number>
  /** In flight though the journal is not read so far: after a crash they are fresh. */
  readonly #adopted = new Set<number>()
  /** The first of keys that became free. They stay aside until they start, so that nothing of their key passes them. */
  readonly #ready: number[] = []
  #round = 0
  #opensAt: number | undefined
  readonly #gathering: Gathering
  /** Where the journal was read to when gathering began, as far as it is the only progress since. */
  #gatheredFrom: BacklogState['next'] | undefined
  readonly #gatheredSince = new Set<number>()
  #asked = { isSingle: false }

  constructor(deps: BacklogDeps, state: BacklogState | undefined) {
    this.#deps = deps
    this.next = state?.next ?? { high: 0, normal: 0, low: 0, replay: 0 }
    // What got a row after the last checkpoint may have ended by the time that the journal is read so far.
    this.#redo = [...fromRanges(state?.open ?? [])].filter((each) => !deps.lanes.get(each))
    this.#left = new Set(fromRanges(state?.left ?? []))
    for (const each of deps.lanes.positions()) if (this.#isAhead(each)) this.#left.add(each)
    this.#gathering = new Gathering({
      now: () => deps.now(),
      next: (withReplays) => this.#firstSingle({ ...this.#asked, withReplays }),
      formOf: (position) => this.#formOf(position),
      keyOf: (position) => deps.keyOf(position),
      take: (position) => this.#gather(position),
    })
  }

  /** What to start next. `isSingle`: one order for all, so nothing may pass what is in flight or stuck. */
  first({ isSingle, withReplays }: { isSingle: boolean; withReplays: boolean }): number | undefined {
    this.#opensAt = undefined
    if (this.#deps.delaying() === undefined) {
      this.regather()
      return this.#firstSingle({ isSingle, withReplays })
    }
    this.#asked = { isSingle }
    return this.#gathering.first(withReplays)
  }

  #firstSingle({ isSingle, withReplays }: { isSingle: boolean; withReplays: boolean }): number | undefined {
    for (;;) {
      const position = this.#redo[0] ?? this.#ready[0] ?? this.#fromJournal(withReplays)
      if (position === undefined) return undefined
      if (this.#left.delete(position)) {
        this.#remove(position)
        continue
      }
      if (this.#adopted.delete(position)) {
        this.#take(position)
        continue
      }
      if (isSingle && this.#deps.lanes.isAnyTaken) {
        // After a crash something must be repeated that is older than what is stuck, perhaps for ever.
        return this.#deps.lanes.isBeforeAll(position) ? position : undefined
      }
      const key = this.#deps.keyOf(position)
      const dueAt = this.#deps.store.deliverAt(position)
      // While others of its key gather, which must not be passed, it stays where it is.
      const isHeld = key !== null && this.#gathering.holds(key)
      if (this.#deps.delaying() && dueAt > this.#deps.now() && !isHeld) {
        this.#remove(position)
        this.#deps.lanes.park(position, key, dueAt)
        continue
      }
      if (key === null || this.#isFirstOfKey(key, position)) return position
      this.#setAside(position, key)
    }
  }

  /** When something may start that `first` found only delayed or gathering. */
  get opensAt(): number | undefined {
    const opensAt = Math.min(this.#opensAt ?? Infinity, this.#gathering.opensAt() ?? Infinity)
    return opensAt === Infinity ? undefined : opensAt
  }

  /** Takes what `first` answered: a delivery, or with it all that it was gathered with. */
  take(position: number): { batch: number[] | undefined } {
    const batch = this.#gathering.take(position)
    if (batch === undefined) this.#take(position)
    return { batch }
  }

  /** With what else a row that was never tried goes in one batch; undefined: it goes by itself. */
  companions(position: number): number[] | undefined {
    const form = this.#formOf(position)
    if (form === undefined) return undefined
    const group = { members: new Array<number>(), maxEvents: form.maxEvents, bytes: 0 }
    for (const each of this.#deps.lanes.untried(position, this.#deps.now())) {
      const other = each === position ? form : this.#formOf(each)
      if (other?.name !== form.name || !hasRoom(group, other)) break
      group.members.push(each)
      group.bytes += other.bytes
    }
    return group.members
  }

  /** Forgets what was gathered: the settings say anew what goes with what. */
  regather(): void {
    for (const position of this.#gathering.dissolve()) this.putBack(position)
  }

  /** Lets what the delivery gathers with go now. False: it does not gather. */
  hasten(position: number): boolean {
    return this.#gathering.hasten(position)
  }

  /** What gathers for longer than so. */
  gathering(windowMsMin: number): Iterable<number> {
    return this.#gathering.waiting(windowMsMin)
  }

  /** Whether anything waits for others to go with. */
  get isGathering(): boolean {
    return this.#gathering.size > 0
  }

  #take(position: number): void {
    this.#remove(position)
    this.#open.add(position)
    this.#round++
  }

  #gather(position: number): void {
    if (this.#isAhead(position)) {
      this.#gatheredFrom ??= { ...this.next }
      this.#gatheredSince.add(position)
    }
    this.#take(position)
    const key = this.#deps.keyOf(position)
    if (key !== null) this.release(key)
  }

  #formOf(position: number): Form | undefined {
    const { store, delaying, now } = this.#deps
    const settings = delaying()
    return settings && formOf(store, { settings, position, now: now() })
  }

  /** It was leased when the object last died, and is so still: taken, and not to be started again. */
  reopen(position: number): void {
    if (removeFrom(this.#redo, position)) this.#open.add(position)
  }

  /** It has just been written and is in flight already. */
  adopt(position: number): void {
    this.#adopted.add(position)
  }

  /** To be started again. */
  putBack(position: number): void {
    if (!this.#adopted.delete(position)) insert(this.#redo, position)
  }

  /** Nothing of this key is in flight any more. */
  release(key: string): void {
    const aside = this.#aside.get(key)
    if (aside === undefined) return
    if (this.#deps.lanes.isStuck(key)) {
      this.#parkAll(key)
      return
    }
    const [first] = aside
    if (first !== undefined && !this.#ready.includes(first)) this.#ready.push(first)
  }

  /** Whether it is in here, in flight or not. */
  has(position: number): boolean {
    if (this.#left.has(position)) return false
    return this.#open.has(position) || this.#redo.includes(position) || this.#isAhead(position)
  }

  /** How many have left before their turn. */
  get leftCount(): number {
    return this.#left.size
  }

  /** It is not in flight and is no more to be started from here. Durable with the next checkpoint. */
  leave(position: number): void {
    this.#gathering.leave(position)
    this.settle(position)
    removeFrom(this.#redo, position)
    if (this.#isAhead(position)) this.#left.add(position)
    for (const [key, aside] of this.#aside) {
      if (!removeFrom(aside, position)) continue
      this.#asideCount--
      if (aside.length === 0) this.#aside.delete(key)
      if (removeFrom(this.#ready, position)) this.release(key)
    }
  }

  settle(position: number): void {
    this.#open.delete(position)
    if (this.#adopted.delete(position)) this.#left.add(position)
    this.#gatheredFrom = undefined
    this.#gatheredSince.clear()
  }

  state(): BacklogState {
    const open = toRanges([...this.#redo, ...this.#open])
    const left = this.#left.size > 0 ? { left: toRanges(this.#left) } : {}
    return { next: { ...this.next }, open, ...left }
  }

  /** The same without what was only gathered: to read so far again costs nothing, so it is not worth a row. */
  progress(): BacklogState {
    const state = this.state()
    if (this.#gatheredFrom === undefined) return state
    const open = [...this.#redo, ...this.#open].filter((each) => !this.#gatheredSince.has(each))
    return { ...state, next: this.#gatheredFrom, open: toRanges(open) }
  }

  /** The oldest position that is not settled. */
  oldest(): number {
    const fresh = JOURNAL_CLASSES.map(
      (each) => this.#deps.store.positionFrom(each, this.next[each]) ?? Infinity,
    )
    return [...this.#redo, ...this.#open, ...fresh].reduce((oldest, each) => Math.min(oldest, each), Infinity)
  }

  #isFirstOfKey(key: string, position: number): boolean {
    return this.#deps.lanes.isFree(key) && (this.#aside.get(key)?.[0] ?? Infinity) >= position
  }

  #setAside(position: number, key: string): void {
    if (this.#redo[0] !== position && this.#ready[0] === position) {
      this.#ready.shift()
      return
    }
    this.#remove(position)
    this.#open.add(position)
    const aside = this.#aside.get(key) ?? []
    this.#aside.set(key, aside)
    insert(aside, position)
    this.#asideCount++
    const asideMax = Math.max(SET_ASIDE_MAX, 2 * (this.#deps.delaying()?.batch?.maxEvents ?? 0))
    if (this.#deps.lanes.isStuck(key) || this.#asideCount > asideMax) this.#parkAll(key)
  }

  #parkAll(key: string): void {
    for (const position of this.#aside.get(key) ?? []) {
      this.#deps.lanes.park(position, key)
      this.#open.delete(position)
      this.#asideCount--
    }
    this.#aside.delete(key)
  }

  #remove(position: number): void {
    if (this.#redo[0] === position) this.#redo.shift()
    else if (this.#ready[0] === position) this.#takeReady(position)
    else for (const each of JOURNAL_CLASSES) if (this.#head(each) === position) this.next[each] = position + 1
  }

  #takeReady(position: number): void {
    this.#ready.shift()
    const key = this.#deps.keyOf(position)
    const aside = key === null ? undefined : this.#aside.get(key)
    if (key === null || aside?.[0] !== position) return
    aside.shift()
    this.#asideCount--
    if (aside.length === 0) this.#aside.delete(key)
  }

  #isAhead(position: number): boolean {
    return position >= this.next[this.#deps.store.classOf(position)]
  }

  #head(journalClass: JournalClass): number | undefined {
    return this.#deps.store.positionFrom(journalClass, this.next[journalClass])
  }

  /** By shares among the live classes, replays only when there is nothing live. */
  #fromJournal(withReplays: boolean): number | undefined {
    const turn = this.#round % (SHARES.high + SHARES.normal + SHARES.low)
    const preferred = turn < SHARES.high ? 'high' : turn < SHARES.high + SHARES.normal ? 'normal' : 'low'
    const order: JournalClass[] = [preferred, 'high', 'normal', 'low']
    for (const each of withReplays ? [...order, 'replay' as const] : order) {
      const position = this.#head(each)
      if (position !== undefined && !this.#isDelayed(position)) return position
    }
    return undefined
  }

  #isDelayed(position: number): boolean {
    const settings = this.#deps.delaying()
    const until = settings ? heldUntil(this.#deps.store, settings, position) : 0
    if (until <= this.#deps.now()) return false
    this.#opensAt = Math.min(this.#opensAt ?? Infinity, until)
    return true
  }
}

/** Whether it was in the list. */
function removeFrom(list: number[], number: number): boolean {
  const at = list.indexOf(number)
  if (at !== -1) list.splice(at, 1)
  return at !== -1
}
