import { CONNECTIONS_MAX, type Endpoint, type EndpointSettings } from './endpoint.ts'
import type { Event } from './event.ts'
import type { EndpointId } from './id.ts'
import { orderingKeyOf } from './ordering-key.ts'

/** Messages of a pull endpoint that consumers may have at a time: each checkpoint of the journal names them. */
export const LEASED_MAX = 1_000

/** What decides how many objects an endpoint has. `mode` is absent in what a version before stored. */
export interface Placing extends Pick<EndpointSettings, 'ordering' | 'concurrency'> {
  mode?: EndpointSettings['mode'] | null
}

/** How many objects: one for each six connections, and one alone where all is one order or nothing is sent. */
export function shardsOf({ ordering, concurrency, mode }: Placing): number {
  return ordering === 'endpoint' || mode === 'pull' ? 1 : Math.ceil(concurrency / CONNECTIONS_MAX)
}

/** How many attempts one of the objects may have in flight. */
export function placesOf(settings: Placing): number {
  if (settings.ordering === 'endpoint') return 1
  return settings.mode === 'pull' ? LEASED_MAX : Math.ceil(settings.concurrency / shardsOf(settings))
}

/** Every object that may hold deliveries of the endpoint: also those that it used when it had more of them. */
export function objectNames({
  id,
  settings,
  shards = 1,
}: Pick<Endpoint, 'id' | 'shards'> & { settings: Placing }): string[] {
  return Array.from({ length: Math.max(shards, shardsOf(settings)) }, (_, shard) => shardName(id, shard))
}

/**
 * The object that takes an event. One alone needs no key, which may have to be read from the body. Events that are to
 * be aggregated come to the same one, unless their order says otherwise.
 */
export function objectFor(
  endpointId: EndpointId,
  settings: Placing & Pick<EndpointSettings, 'orderingKey'>,
  { event, aggregatedBy }: { event: Event; aggregatedBy?: string | undefined },
): string {
  const shards = shardsOf(settings)
  if (shards === 1) return shardName(endpointId, 0)
  const key = orderingKeyOf(settings, () => event) ?? aggregatedBy ?? event.head.id
  return shardName(endpointId, shardOf(key, shards))
}

/** The name of one of them. The first has the id itself, so that an endpoint that grows keeps its journal. */
export function shardName(endpointId: EndpointId, shard: number): string {
  return shard === 0 ? endpointId : `${endpointId}:${shard}`
}

/** Whose object it is. */
export function endpointOfObject(name: string): EndpointId {
  return name.replace(/:\d+$/, '') as EndpointId
}

/** The shard of a key (an ordering key, else the event's id): always the same while the number of shards is. FNV-1a. */
export function shardOf(key: string, shards: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % shards
}
