import { routedSubscriptions } from './db/routing.ts'
import { settingsOf } from './env.ts'
import type { DeliveryRef } from './model/accept.ts'
import type { Endpoint } from './model/endpoint.ts'
import { decodeEvent } from './model/event.ts'
import type { EndpointId, SubscriptionId } from './model/id.ts'
import type { ByHand } from './model/rpc.ts'
import { objectNames } from './model/shard.ts'
import { endpointOf, intakeOf } from './objects.ts'
import { Drafts } from './route/drafts.ts'
import type { RoutedSubscription } from './route/match.ts'
import { draft } from './route/plan.ts'
import { remake } from './steering.ts'

/** Asks every object that may hold the delivery; at most one does. */
export async function orderDelivery(
  env: Env,
  endpoint: Endpoint,
  { order, delivery }: { order: 'retry' | 'cancel'; delivery: DeliveryRef },
): Promise<ByHand> {
  const answers = await Promise.all(
    objectNames(endpoint).map((name): Promise<ByHand> => endpointOf(env, name)[order](delivery)),
  )
  const found = answers.find(({ kind }) => kind !== 'absent')
  const attempts = answers.map((each) => (each.kind === 'absent' ? each.attempts : 0))
  return found ?? { kind: 'absent', attempts: Math.max(0, ...attempts) }
}

/** Hands a delivery that has ended over once more, from the event store. False: the event is no longer there. */
export async function redeliver(
  env: Env,
  endpoint: Endpoint,
  { ref, triedBefore }: { ref: DeliveryRef; triedBefore: number },
): Promise<boolean> {
  const { id, subscriptionId, pointer } = ref
  const record = await intakeOf(env, pointer.intake).read(pointer.segment, pointer.index)
  if (record === null) return false
  const table = await routedSubscriptions(env.DB, endpoint.tenantId, settingsOf(env).sealer)
  const routed = table.find(({ subscription }) => subscription.id === subscriptionId)
  const route = await remake(env, {
    tenantId: endpoint.tenantId,
    pointer,
    event: decodeEvent(record),
    record,
    routed: routed ?? directTo(endpoint, subscriptionId),
  })
  if (!route) return false
  const drafts = new Drafts()
  draft(drafts, route, {
    triedBefore,
    // The same order given twice is one.
    origin: `${id}.${triedBefore}`,
    // Somebody waits for it; where an order is kept it goes to its end.
    ...(endpoint.settings.ordering === 'none' ? { class: 'high' } : {}),
  })
  for (const [object, batches] of drafts.batches()) {
    for (const batch of batches) await endpointOf(env, object).accept(batch)
  }
  return true
}

/** For a subscription that no longer exists, or never did. */
export function directTo(
  { id, tenantId, settings, version }: Endpoint,
  subscriptionId: SubscriptionId = directSubscriptionOf(id),
): RoutedSubscription {
  return {
    endpointVersion: version,
    endpoint: settings,
    subscription: {
      id: subscriptionId,
      tenantId,
      endpointId: id,
      sourceIds: [],
      eventTypes: [],
      priority: 'normal',
      state: 'active',
      createdAt: 0,
    },
  }
}

/** Stands for the subscription of a delivery that none asked for: the same for each endpoint, so that its id is too. */
function directSubscriptionOf(endpointId: EndpointId): SubscriptionId {
  return `sub_${endpointId.slice('ep_'.length)}`
}
