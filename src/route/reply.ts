import { decodeEvent } from '../model/event.ts'
import { deliveryIdOf, type TenantId } from '../model/id.ts'
import type { AwaitedDelivery, AwaitedEvent, Reply } from '../model/reply.ts'
import { objectFor, objectNames } from '../model/shard.ts'
import { match, type RoutedSubscription, type RoutingTable } from './match.ts'
import { hasRules, ruleOf } from './rule.ts'
import { judge } from './sift.ts'
import { targetFor } from './steer.ts'
import { viewOf } from './view.ts'
import type { Event } from '../model/event.ts'

export interface ReplyDeps {
  routingTable(tenantId: TenantId): Promise<RoutingTable>
  now(): number
  /** Waits at one endpoint object. */
  wait(object: string, delivery: AwaitedDelivery): Promise<Reply>
}

/**
 * What the endpoint that an accepted event goes to answers to it. Only asks and never hands over: the event goes its
 * ordinary way, and what is asked here is who will have it.
 */
export async function replyTo(awaited: AwaitedEvent, deps: ReplyDeps): Promise<Reply> {
  const { tenantId, record, endpointId, timeoutMs, isRepeat } = awaited
  const event = decodeEvent(record)
  const table = await deps.routingTable(tenantId)
  const { takers, isHeld } = takersOf(event, table, deps.now())
  const taker = takers.find(
    ({ subscription }) => endpointId === null || subscription.endpointId === endpointId,
  )
  if (taker === undefined) return { kind: isHeld ? 'held' : 'no_match' }
  const deliveryId = deliveryIdOf(event.head.id, taker.subscription.id)
  const waits = objectsOf(taker, event).map(async (object) => {
    const reply = await deps.wait(object, { deliveryId, timeoutMs, isRepeat })
    if (reply.kind !== 'answered') throw new Miss(reply)
    return reply
  })
  return await Promise.any(waits).catch((error: AggregateError) => missOf(error))
}

/** Who takes the event now, oldest subscription first, with the endpoint that is chosen for it. */
function takersOf(
  event: Event,
  table: RoutingTable,
  now: number,
): { takers: RoutedSubscription[]; isHeld: boolean } {
  const view = viewOf(event)
  const takers: RoutedSubscription[] = []
  let isHeld = false
  const wanting = match(table, event.head).sort((a, b) => (a.subscription.id < b.subscription.id ? -1 : 1))
  for (const routed of wanting) {
    const decision = hasRules(routed.subscription)
      ? judge(routed, event, { view, now, isHeld: false })
      : undefined
    if (decision?.kind === 'hold') isHeld = true
    if (decision === undefined) takers.push(targetFor(routed, event, { view, now }))
  }
  return { takers, isHeld }
}

/** A transformation may change the key by which one of the endpoint's objects is chosen. */
function objectsOf({ subscription, endpoint }: RoutedSubscription, event: Event): string[] {
  const { endpointId } = subscription
  const isCertain = endpoint.ordering === 'none' || ruleOf(subscription).transform === undefined
  if (isCertain) return [objectFor(endpointId, endpoint, { event })]
  return objectNames({ id: endpointId, settings: endpoint })
}

/** Of several objects one has the delivery; what the others say is that it is not theirs. */
class Miss extends Error {
  readonly reply: Reply

  constructor(reply: Reply) {
    super(reply.kind)
    this.reply = reply
  }
}

function missOf({ errors }: AggregateError): Reply {
  const misses = (errors as unknown[]).flatMap((each) => (each instanceof Miss ? [each.reply] : []))
  return misses[0] ?? { kind: 'unanswered' }
}
