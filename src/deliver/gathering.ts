import { BATCH_BYTES_MAX } from '../model/batch.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../model/journal-class.ts'
import { heldUntil } from './delay.ts'
import type { DeliveryStore } from './store.ts'

/** In one object, in all of its groups. */
const GATHERED_MAX = 10_000
/** The time of a group to which nothing is added any more. */
const CLOSED = 0
/** What the form adds to the body of an event, about. */
const ITEM_BYTES = 300

/** With what a delivery may go in one request. */
export interface Form {
  /** Of the group. */
  name: string
  journalClass: JournalClass
  maxEvents: number
  bytes: number
  /** When it has waited long enough. */
  until: number
  windowMs: number
}

interface Group extends Form {
  members: number[]
}

export interface GatheringDeps {
  now(): number
  /** The next delivery that may start, which stays where it is. */
  next(withReplays: boolean): number | undefined
  /** Undefined: it goes by itself. */
  formOf(position: number): Form | undefined
  keyOf(position: number): string | null
  /** Takes what `next` answered. */
  take(position: number): void
}

/** Deliveries that wait for others to go with. In memory only: whoever forgets them gathers the same again. */
export class Gathering {
  readonly #deps: GatheringDeps
  readonly #groups = new Map<string, Group>()
  readonly #of = new Map<number, Group>()
  /** Where the deliveries of each ordering key are: they must not be in two groups. */
  readonly #holders = new Map<string, Group>()
  /** The least `until` of all groups, or less. */
  #ripeAt = Infinity

  constructor(deps: GatheringDeps) {
    this.#deps = deps
  }

  /**
   * The first of a ripe group, or a delivery that goes by itself. Gathers on the way until a group is closed: one that
   * has waited long enough may still grow by what is there.
   */
  first(withReplays: boolean): number | undefined {
    const { now, next, formOf, keyOf } = this.#deps
    for (;;) {
      const closed = this.#ripe(withReplays, CLOSED)
      if (closed !== undefined) return closed
      const position = next(withReplays)
      if (position === undefined) return this.#ripe(withReplays, now())
      const form = formOf(position)
      const key = keyOf(position)
      const holder = key === null ? undefined : this.#holders.get(key)
      const group = form && this.#groups.get(form.name)
      if (holder !== undefined && holder !== group) this.#close(holder)
      else if (form === undefined) return this.#ripe(withReplays, now()) ?? position
      else if (group && !hasRoom(group, form)) this.#close(group)
      else {
        this.#add(group, form, position, key)
        continue
      }
      // What stands in the way goes first; the delivery stays where it is until then.
      return this.#ripe(withReplays, CLOSED)
    }
  }

  /** The members of the ripe group that begins so; undefined: it begins none. */
  take(position: number): number[] | undefined {
    const group = this.#of.get(position)
    if (group?.members[0] !== position) return undefined
    for (const each of group.members) this.#of.delete(each)
    this.#forget(group)
    return group.members
  }

  /** Lets what it gathers with go now. False: it does not gather. */
  hasten(position: number): boolean {
    const group = this.#of.get(position)
    if (group) this.#close(group)
    return group !== undefined
  }

  leave(position: number): boolean {
    const group = this.#of.get(position)
    if (group === undefined) return false
    this.#of.delete(position)
    group.members.splice(group.members.indexOf(position), 1)
    if (group.members.length === 0) this.#forget(group)
    return true
  }

  /** All that was gathered. */
  dissolve(): number[] {
    const positions = [...this.#of.keys()]
    for (const each of positions) this.leave(each)
    return positions
  }

  /** When the next group is ripe, of those that are not. */
  opensAt(): number | undefined {
    const now = this.#deps.now()
    const later = Array.from(this.#groups.values(), ({ until }) => until).filter((until) => until > now)
    return later.length === 0 ? undefined : later.reduce((least, each) => Math.min(least, each))
  }

  /** Whether deliveries of this ordering key gather. */
  holds(key: string): boolean {
    return this.#holders.has(key)
  }

  get size(): number {
    return this.#of.size
  }

  /** What waits for longer than so. */
  *waiting(windowMsMin: number): Iterable<number> {
    for (const { windowMs, members } of this.#groups.values()) if (windowMs > windowMsMin) yield* members
  }

  #add(known: Group | undefined, form: Form, position: number, key: string | null): void {
    const group = known ?? { ...form, bytes: 0, members: [] }
    this.#deps.take(position)
    group.members.push(position)
    group.bytes += form.bytes
    group.until = Math.min(group.until, form.until)
    this.#groups.set(form.name, group)
    this.#of.set(position, group)
    if (key !== null) this.#holders.set(key, group)
    if (group.members.length >= group.maxEvents) this.#close(group)
    this.#ripeAt = Math.min(this.#ripeAt, group.until)
    const [oldest] = this.#groups.values()
    if (oldest && this.#of.size >= GATHERED_MAX) this.#close(oldest)
  }

  #close(group: Group): void {
    group.until = CLOSED
    this.#ripeAt = CLOSED
  }

  #forget(group: Group): void {
    this.#groups.delete(group.name)
    for (const [key, holder] of this.#holders) if (holder === group) this.#holders.delete(key)
    this.#ripeAt = Array.from(this.#groups.values()).reduce(
      (least, { until }) => Math.min(least, until),
      Infinity,
    )
  }

  #ripe(withReplays: boolean, by: number): number | undefined {
    if (this.#ripeAt > by) return undefined
    const ripe = [...this.#groups.values()].filter(({ until }) => until <= by)
    for (const each of JOURNAL_CLASSES) {
      if (each === 'replay' && !withReplays) continue
      const group = ripe.find(({ journalClass }) => journalClass === each)
      if (group) return group.members[0]
    }
    return undefined
  }
}

/** Whether one more fits. */
export function hasRoom(
  { members, maxEvents, bytes }: Pick<Group, 'members' | 'maxEvents' | 'bytes'>,
  form: Pick<Form, 'bytes'>,
): boolean {
  return members.length < maxEvents && bytes + form.bytes <= BATCH_BYTES_MAX
}

/** How a delivery may be gathered with others; undefined: it goes by itself. */
export function formOf(
  store: Pick<DeliveryStore, 'aggregateOf' | 'classOf' | 'delivery' | 'deliverAt'>,
  { settings, position, now }: { settings: EndpointSettings; position: number; now: number },
): Form | undefined {
  const aggregate = store.aggregateOf(position)
  // Settings that an older version stored have no batch.
  const limits = aggregate ? { maxEvents: aggregate[1], maxSeconds: aggregate[2] } : (settings.batch ?? null)
  if (limits === null) return undefined
  const delivery = store.delivery(position)
  if (delivery === undefined) return undefined
  const { event, subscriptionId } = delivery
  const { bodyKey, made, receivedAt, isAwaited = false, erased = false } = event.head
  // Somebody waits for the answer to an awaited one alone, and one that was erased is refused alone.
  const isAlone = bodyKey !== undefined || isAwaited || erased || hasOwnRequest(made)
  const isOwn = isAlone || store.deliverAt(position) > now
  const journalClass = store.classOf(position)
  const name = JSON.stringify([
    journalClass,
    ...(aggregate ? [subscriptionId, aggregate[0]] : []),
    ...(isOwn ? [{ position }] : []),
  ])
  const from = Math.max(receivedAt, heldUntil(store, settings, position), store.deliverAt(position))
  const windowMs = limits.maxSeconds * 1000
  return {
    name,
    journalClass,
    maxEvents: limits.maxEvents,
    windowMs,
    bytes: event.body.byteLength + ITEM_BYTES,
    // A clock that jumped must not make it wait for longer.
    until: isOwn ? CLOSED : Math.min(from, now) + windowMs,
  }
}

/** Its transformation gave it what several cannot share. */
function hasOwnRequest(made: { method?: string; path?: string; headers: unknown[] } | undefined): boolean {
  return (
    made !== undefined && (made.method !== undefined || made.path !== undefined || made.headers.length > 0)
  )
}
