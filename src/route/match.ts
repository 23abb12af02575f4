import type { EndpointSettings } from '../model/endpoint.ts'
import type { EventHead } from '../model/event.ts'
import type { EndpointId, SubscriptionId } from '../model/id.ts'
import type { Subscription } from '../model/subscription.ts'
import type { Placing } from '../model/shard.ts'
import { hasRules } from './rule.ts'

export interface RoutedSubscription {
  subscription: Subscription
  endpointVersion: number
  /** What decides which of the endpoint's objects takes an event. */
  endpoint: Placed
  /** The endpoints that its rules may choose, when it has such rules. */
  targets?: ReadonlyMap<EndpointId, TargetState>
}

type Placed = Placing & Pick<EndpointSettings, 'orderingKey'>

/** What choosing between endpoints must know of one. */
export interface TargetState {
  version: number
  endpoint: Placed
  isDisabled: boolean
  /** Milliseconds; null: its circuit is closed, as far as is known. */
  failingSince: number | null
}

/** The subscriptions of one tenant, arranged so that matching looks only at candidates for the event's type. */
export interface RoutingTable {
  exact: Map<string, RoutedSubscription[]>
  /** Patterns that end in `.*`, under the part before it. */
  prefix: Map<string, RoutedSubscription[]>
  any: RoutedSubscription[]
  /** Whether any of the subscriptions has rules beyond event types and sources. */
  hasRules: boolean
  /** They get nothing now, and keep what they hold. */
  paused: Set<SubscriptionId>
}

export function buildRoutingTable(subscriptions: readonly RoutedSubscription[]): RoutingTable {
  const table: RoutingTable = {
    exact: new Map(),
    prefix: new Map(),
    any: [],
    hasRules: false,
    paused: new Set(),
  }
  for (const routed of subscriptions) {
    const { id, state, eventTypes } = routed.subscription
    if (state !== 'active') {
      table.paused.add(id)
      continue
    }
    table.hasRules ||= hasRules(routed.subscription)
    if (eventTypes.length === 0) table.any.push(routed)
    for (const pattern of eventTypes) {
      if (pattern === '*') table.any.push(routed)
      else if (pattern.endsWith('.*')) push(table.prefix, pattern.slice(0, -2), routed)
      else push(table.exact, pattern, routed)
    }
  }
  return table
}

/**
 * The subscriptions that want an event. `lead.*` matches `lead.created` and `lead.status.changed`, not `lead`.
 * Events of our own are matched by those who name them (`hookway.*`), not by `*`: nobody asked for them with it.
 * An event that was received before a subscription was made is not its event, however late it is routed.
 */
export function match(
  table: RoutingTable,
  event: Pick<EventHead, 'type' | 'sourceId' | 'receivedAt' | 'erased'>,
): RoutedSubscription[] {
  if (event.erased) return []
  const candidates = new Set<RoutedSubscription>(isSystemEvent(event) ? [] : table.any)
  for (const routed of table.exact.get(event.type) ?? []) candidates.add(routed)
  for (let dot = event.type.indexOf('.'); dot !== -1; dot = event.type.indexOf('.', dot + 1)) {
    for (const routed of table.prefix.get(event.type.slice(0, dot)) ?? []) candidates.add(routed)
  }
  return [...candidates].filter(({ subscription }) => isWanted(subscription, event))
}

function isSystemEvent({ type, sourceId }: Pick<EventHead, 'type' | 'sourceId'>): boolean {
  return sourceId === null && type.startsWith('hookway.')
}

function isWanted(subscription: Subscription, event: Pick<EventHead, 'sourceId' | 'receivedAt'>): boolean {
  if (event.receivedAt < subscription.createdAt) return false
  if (subscription.sourceIds.length === 0) return true
  return event.sourceId !== null && subscription.sourceIds.includes(event.sourceId)
}

function push(map: Map<string, RoutedSubscription[]>, key: string, routed: RoutedSubscription): void {
  const list = map.get(key)
  if (list) list.push(routed)
  else map.set(key, [routed])
}

export type EndpointFilter = ReadonlySet<EndpointId> | undefined
