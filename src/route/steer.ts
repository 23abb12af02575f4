import type { Bytes } from '../model/bytes.ts'
import { decodeEvent, encodeEvent, unpackRecords, type Event } from '../model/event.ts'
import type { EndpointId, EventId, SubscriptionId, TenantId } from '../model/id.ts'
import type { HandOver } from '../model/intake.ts'
import type { Fault, Subscription } from '../model/subscription.ts'
import { fractionOf, targetOf } from './choose.ts'
import { match, type RoutedSubscription, type RoutingTable, type TargetState } from './match.ts'
import { findFirst } from './path.ts'
import { ruleOf } from './rule.ts'
import type { Decision, Open, Sifted, Waiting } from './sift.ts'
import type { TransformDeps } from './transform-deps.ts'
import { RULE_BODY_BYTES_MAX, type EventView } from './view.ts'

/** An event that waits for a subscription: for its rule to be fixed, or for a time. */
export interface HeldItem {
  tenantId: TenantId
  subscriptionId: SubscriptionId
  intake: string
  segment: number
  index: number
  eventId: EventId
  /** Milliseconds; null: until the rule is fixed. */
  dueAt: number | null
}

export interface SteerDeps extends TransformDeps {
  now(): number
  /** A body that is kept in object storage; undefined when it is gone. */
  readBody(key: string): Promise<Bytes | undefined>
  /** Durable when it resolves; a repeat adds nothing. */
  hold(items: HeldItem[]): Promise<void>
  /** Marks the subscription faulty, unless it was changed since `version`. */
  markFaulty(
    subscription: { id: SubscriptionId; tenantId: TenantId; version: number },
    fault: Fault,
  ): Promise<void>
}

/** What waits outside is waited for this long in one hand-over; the rest is held and comes again within a minute. */
const STEERING_MS_MAX = 20_000
/** After an unanswered lookup. */
const LATER_MS = 60_000
/** Whether a failing endpoint has recovered is found out with some events, this long after it began. */
const PROBE_AFTER_MS = 300_000
const PROBED_SHARE = 0.02

/** Runs the transformations of what was taken and chooses the endpoints: adds to what was decided and to what is held. */
export async function steer({ decisions, open, held }: Sifted, deps: SteerDeps): Promise<void> {
  const faulty = new Set<SubscriptionId>()
  const until = deps.now() + STEERING_MS_MAX
  for (const each of open) {
    const { key, pointer, routed } = each
    const { id } = routed.subscription
    let decision: Decision = { kind: 'hold', dueAt: null }
    // Those behind the one that failed wait without a try: the rule is what they wait for.
    if (!faulty.has(id)) {
      decision = deps.now() > until ? { kind: 'hold', dueAt: deps.now() } : await decide(each, deps)
    }
    decisions.set(key, decision)
    if (decision.kind !== 'hold') continue
    held.push({ pointer, routed, hold: decision })
    if (decision.dueAt === null) faulty.add(id)
  }
}

/** Keeps what must wait, and marks the subscriptions whose rules failed. */
export async function keepHeld(intake: string, held: readonly Waiting[], deps: SteerDeps): Promise<void> {
  if (held.length === 0) return
  // First what must not be lost, then what says why: a crash between them only repeats the rule.
  await deps.hold(
    held.map(({ pointer, routed, hold }) => {
      const { id: subscriptionId, tenantId } = routed.subscription
      return { tenantId, subscriptionId, intake, ...pointer, dueAt: hold.dueAt }
    }),
  )
  const told = new Set<SubscriptionId>()
  for (const { pointer, routed, hold } of held) {
    const { id, tenantId, version = 1 } = routed.subscription
    if (hold.error === undefined || hold.dueAt !== null || told.has(id)) continue
    told.add(id)
    const fault = { error: hold.error, eventId: pointer.eventId, at: deps.now() }
    await deps.markFaulty({ id, tenantId, version }, fault)
  }
}

async function decide({ routed, record, event, view }: Open, deps: SteerDeps): Promise<Decision> {
  const rule = ruleOf(routed.subscription)
  const target = targetFor(routed, event, { view, now: deps.now() })
  if (rule.transform === undefined) return { kind: 'deliver', made: { event, record, routed: target } }
  const made = await rule.transform.run(event, deps)
  switch (made.kind) {
    case 'event':
      return { kind: 'deliver', made: { event: made.event, record: encodeEvent(made.event), routed: target } }
    case 'dropped':
      return { kind: 'skip', why: `step ${made.step + 1} of the transformation drops it` }
    case 'later':
      return { kind: 'hold', dueAt: deps.now() + LATER_MS, error: made.error }
    case 'failed':
      return { kind: 'hold', dueAt: null, error: made.error }
  }
}

/** The bodies that are kept apart of the events that rules may look into. */
export async function readBodies(
  handOver: HandOver,
  table: RoutingTable,
  deps: Pick<SteerDeps, 'readBody'>,
): Promise<Map<EventId, Bytes>> {
  const bodies = new Map<EventId, Bytes>()
  if (!table.hasRules) return bodies
  for (const { records } of handOver.segments) {
    for (const record of unpackRecords(records)) {
      const { head } = decodeEvent(record)
      if (head.bodyKey === undefined || head.bodyBytes > RULE_BODY_BYTES_MAX) continue
      const isRead = match(table, head).some(({ subscription }) => looksIntoBody(subscription))
      const body = isRead ? await deps.readBody(head.bodyKey) : undefined
      if (body) bodies.set(head.id, body)
    }
  }
  return bodies
}

function looksIntoBody({ filter, transform, balance }: Subscription): boolean {
  return Boolean(filter ?? transform ?? balance?.key)
}

/** The subscription with the endpoint that this event goes to, by the key that its rules name. */
export function targetFor(
  routed: RoutedSubscription,
  event: Event,
  { view, now }: { view: EventView; now: number },
): RoutedSubscription {
  const { balanceKey } = ruleOf(routed.subscription)
  const key = balanceKey ? (findFirst(view, balanceKey) ?? findFirst(view.body, balanceKey)) : undefined
  return chooseTarget(routed, event, { key, now })
}

/** The subscription with the endpoint that this event goes to. */
export function chooseTarget(
  routed: RoutedSubscription,
  { head }: Event,
  { key, now }: { key: unknown; now: number },
): RoutedSubscription {
  const { subscription, targets } = routed
  const { endpointId, balance, failoverEndpointId } = subscription
  if (targets === undefined) return routed
  const isReady = (id: EndpointId) => isUp(targets.get(id), head.id, now)
  const known = (balance?.endpoints ?? []).filter((each) => targets.has(each.endpointId))
  const ready = known.filter((each) => isReady(each.endpointId))
  const text =
    typeof key === 'string' || typeof key === 'number' ? String(key) : (head.orderingKey ?? head.id)
  const chosen =
    targetOf(text, ready)?.endpointId ?? (known.length === 0 && isReady(endpointId) ? endpointId : undefined)
  if (chosen !== undefined) return at(routed, chosen)
  if (failoverEndpointId && isReady(failoverEndpointId)) return at(routed, failoverEndpointId)
  // None is up: it waits where it would have gone.
  return at(routed, targetOf(text, known)?.endpointId ?? endpointId)
}

function at(routed: RoutedSubscription, endpointId: EndpointId): RoutedSubscription {
  const state = routed.targets?.get(endpointId)
  if (state === undefined || endpointId === routed.subscription.endpointId) return routed
  const { version: endpointVersion, endpoint } = state
  return { ...routed, subscription: { ...routed.subscription, endpointId }, endpointVersion, endpoint }
}

function isUp(state: TargetState | undefined, eventId: EventId, now: number): boolean {
  if (state === undefined || state.isDisabled) return false
  if (state.failingSince === null) return true
  return now - state.failingSince > PROBE_AFTER_MS && fractionOf(`probe ${eventId}`) < PROBED_SHARE
}
