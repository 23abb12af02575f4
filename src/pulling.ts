import type { PagePlace, PulledPage } from './api/deps.ts'
import type { Endpoint } from './model/endpoint.ts'
import type { Acknowledgement, MessageId, Poll } from './model/pull.ts'
import { objectNames } from './model/shard.ts'
import { endpointOf } from './objects.ts'

/**
 * A pull endpoint has one object; if it was sent to before, others may still hold deliveries. Those are asked too, and
 * the first alone waits.
 */
export async function pullMessages(
  env: Env,
  endpoint: Endpoint,
  { after, ...poll }: Omit<Poll, 'page'> & { after?: PagePlace },
): Promise<PulledPage> {
  const names = objectNames(endpoint)
  if (after && after.shard !== 0) {
    await acknowledgeMessages(env, endpoint, { of: after, outcome: 'delivered' })
  }
  for (const [shard, name] of [...names.entries()].toReversed()) {
    const waitMs = shard === 0 ? poll.waitMs : 0
    const page = after?.shard === shard && shard === 0 ? { page: after.page } : {}
    const { messages, page: given } = await endpointOf(env, name).poll({ ...poll, waitMs, ...page })
    if (given !== undefined) return { place: { shard, page: given }, messages }
  }
  return { messages: [] }
}

/** The deliveries that this ended. */
export async function acknowledgeMessages(
  env: Env,
  endpoint: Endpoint,
  { of, ...what }: Omit<Acknowledgement, 'of'> & { of: PagePlace | { ids: MessageId[] } },
): Promise<MessageId[]> {
  const objects = objectNames(endpoint).map((name) => endpointOf(env, name))
  if ('page' in of) {
    const { page, shard } = of
    return (await objects[shard]?.acknowledge({ of: { page }, ...what }))?.ids ?? []
  }
  const ended = await Promise.all(objects.map((object) => object.acknowledge({ of, ...what })))
  return ended.flatMap(({ ids }) => ids)
}
