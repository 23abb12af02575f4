import { CONNECTIONS_MAX, type EndpointSettings } from './endpoint.ts'
import type { EndpointId } from './id.ts'

/** How many objects an endpoint has: one for each six connections, and one alone where all is one order. */
export function shardsOf({
  ordering,
  concurrency,
}: Pick<EndpointSettings, 'ordering' | 'concurrency'>): number {
  return ordering === 'endpoint' ? 1 : Math.ceil(concurrency / CONNECTIONS_MAX)
}

/** The names of an endpoint's objects. The first has the id itself, so that an endpoint that grows keeps its journal. */
export function shardName(endpointId: EndpointId, shard: number): string {
  return shard === 0 ? endpointId : `${endpointId}:${shard}`
}

/** The shard of a key (an ordering key, else the event's id): always the same while the number of shards is. FNV-1a. */
export function shardOf(key: string, shards: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % shards
}
