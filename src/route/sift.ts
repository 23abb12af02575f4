import type { Bytes } from '../model/bytes.ts'
import { decodeEvent, unpackRecords, type Event } from '../model/event.ts'
import type { EventId, SubscriptionId } from '../model/id.ts'
import type { HandOver } from '../model/intake.ts'
import { isSampled, opensAt } from './choose.ts'
import { match, type EndpointFilter, type RoutedSubscription, type RoutingTable } from './match.ts'
import { hasRules, ruleOf } from './rule.ts'
import { viewOf, type EventView } from './view.ts'

/** What the rules of a subscription say of one event. */
export type Decision =
  | { kind: 'skip'; why: string }
  /** Null: until the rule is fixed. */
  | { kind: 'hold'; dueAt: number | null; error?: string }
  /** `routed` names the endpoint that was chosen. */
  | { kind: 'deliver'; made: { event: Event; record: Uint8Array; routed: RoutedSubscription } }

export type Decisions = ReadonlyMap<string, Decision>

export interface Pointer {
  segment: number
  index: number
  eventId: EventId
}

/** An event that a subscription takes, and whose transformation and endpoint are still to be decided. */
export interface Open {
  key: string
  pointer: Pointer
  routed: RoutedSubscription
  record: Uint8Array
  event: Event
  view: EventView
}

/** An event that must wait for a subscription. */
export interface Waiting {
  pointer: Pointer
  routed: RoutedSubscription
  hold: Extract<Decision, { kind: 'hold' }>
}

export interface Sifted {
  decisions: Map<string, Decision>
  open: Open[]
  held: Waiting[]
}

export function keyOfDecision(segment: number, index: number, subscriptionId: SubscriptionId): string {
  return `${segment} ${index} ${subscriptionId}`
}

/** Only these items of a hand-over, for those that were held. */
export type ItemFilter = (subscriptionId: SubscriptionId, segment: number, index: number) => boolean

export interface SiftOptions {
  /** Milliseconds. */
  now: number
  /** Those that are kept apart, as far as rules look into them. */
  bodies?: ReadonlyMap<EventId, Bytes> | undefined
  only?: EndpointFilter
  items?: ItemFilter | undefined
}

/** Decides what needs nothing but the event itself. Pure: a repeat of a hand-over is decided alike. */
export function sift(
  handOver: HandOver,
  table: RoutingTable,
  { now, bodies, only, items }: SiftOptions,
): Sifted {
  const sifted: Sifted = { decisions: new Map(), open: [], held: [] }
  if (!table.hasRules && !items) return sifted
  for (const { segment, records } of handOver.segments) {
    for (const [index, record] of unpackRecords(records).entries()) {
      const stored = decodeEvent(record)
      const event = { ...stored, body: bodies?.get(stored.head.id) ?? stored.body }
      const view = viewOf(event)
      for (const routed of match(table, event.head)) {
        const { subscription } = routed
        if (only && !only.has(subscription.endpointId)) continue
        const key = keyOfDecision(segment, index, subscription.id)
        if (items && !items(subscription.id, segment, index)) {
          sifted.decisions.set(key, { kind: 'skip', why: 'it was not held' })
          continue
        }
        if (!hasRules(subscription)) continue
        const decision = judge(routed, event, { view, now, isHeld: items !== undefined })
        const pointer = { segment, index, eventId: event.head.id }
        if (!decision) sifted.open.push({ key, pointer, routed, record, event, view })
        else sifted.decisions.set(key, decision)
        if (decision?.kind === 'hold') sifted.held.push({ pointer, routed, hold: decision })
      }
    }
  }
  return sifted
}

/** Undefined: the event is taken. */
export function judge(
  { subscription }: RoutedSubscription,
  { head }: Event,
  { view, now, isHeld }: { view: EventView; now: number; isHeld: boolean },
): Decision | undefined {
  const { fault, sampleRate = 1, schedule } = subscription
  if (!isSampled(head.id, sampleRate)) return { kind: 'skip', why: 'the sample does not take it' }
  const rule = ruleOf(subscription)
  const [broken] = rule.faults
  if (broken) return { kind: 'hold', dueAt: null, error: `${broken.path}: ${broken.message}` }
  if (rule.filter && !rule.filter.test(view).matches) return { kind: 'skip', why: 'the filter does not hold' }
  if (schedule) {
    const dueAt = opensAt(schedule, head.receivedAt)
    if (dueAt > head.receivedAt && schedule.outside === 'drop')
      return { kind: 'skip', why: 'it came outside the windows' }
    if (dueAt > now) return { kind: 'hold', dueAt }
  }
  // What was held before is what its release is about; all else waits behind it.
  if (fault && !isHeld) return { kind: 'hold', dueAt: null }
  return undefined
}
