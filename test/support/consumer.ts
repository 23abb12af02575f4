import type { DeliveryId } from '../../src/model/id.ts'
import type { Acknowledgement, MessageId, Poll } from '../../src/model/pull.ts'
import { EndpointWorld } from './endpoint-world.ts'

export const PULL = { mode: 'pull', url: '', visibilitySeconds: 30 }

/** An endpoint that is polled. */
export function open(settings: Record<string, unknown> = {}): EndpointWorld {
  return new EndpointWorld({ ...PULL, ...settings })
}

export function poll(world: EndpointWorld, more: Partial<Poll> = {}) {
  return world.queue.pull.poll({ limit: 100, waitMs: 0, endpointVersion: 1, ...more })
}

/** What a poll gives: each delivery with its attempt. */
export async function fetched(
  world: EndpointWorld,
  more: Partial<Poll> = {},
): Promise<[MessageId, number][]> {
  return (await poll(world, more)).messages.map(({ id, attempt }) => [id, attempt])
}

/** The ids of those that this ended. */
export function acknowledge(world: EndpointWorld, ids: MessageId[], what: Partial<Acknowledgement> = {}) {
  return world.queue.pull.acknowledge({ of: { ids }, outcome: 'delivered', ...what }).ids
}

export function logged(world: EndpointWorld, id: DeliveryId) {
  world.writeLog()
  return world.log.get(id)
}
