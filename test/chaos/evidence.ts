/**
 * Where events come in: a source that keeps the order, one that does not, one with many endpoints, and the publishing
 * API, with ids of the sender's own or with idempotency keys.
 */
export type Origin = 'ordered' | 'regional' | 'broadcast' | 'published' | 'keyed'
export type Kind = 'push' | 'paid' | 'refused'

/** What stands in the body of each event, so that whoever sees it knows which it is. */
export interface Mark {
  ref: string
  /** One sender's alone, who sends the next number only when the last was acknowledged. */
  key: string
  number: number
  kind: Kind
}

/** An event that its sender was told is safe. Times on the sender's clock (ms). */
export interface Acknowledged extends Mark {
  origin: Origin
  eventId: string
  /** Of the first try: it may have been taken although nobody was told. */
  sentAt: number
  acknowledgedAt: number
}

/** One request at a receiver. Those of one route stand in the order in which they came. */
export interface Arrival {
  route: string
  ref: string
  webhookId: string
  /** What it was answered; 0: nothing. */
  status: number
}

export interface LogRow {
  id: string
  eventId: string
  subscriptionId: string
  status: string
  attempts: number
}

/** One endpoint with its subscription, as far as the verdict needs it. */
export interface Path {
  name: string
  subscriptionId: string
  origins: readonly Origin[]
  kinds: readonly Kind[]
  order: 'endpoint' | 'key' | 'none'
  /** How every delivery must end. */
  ends: 'delivered' | 'dead'
}

export interface Evidence {
  acknowledged: readonly Acknowledged[]
  paths: readonly Path[]
  arrivals: readonly Arrival[]
  rows: readonly LogRow[]
  /** Every event in the log, by the id that its sender gave it, if any. */
  events: readonly { id: string; ref: string }[]
}

export function isWanted(
  path: Pick<Path, 'origins' | 'kinds'>,
  event: Pick<Acknowledged, 'origin' | 'kind'>,
) {
  return path.origins.includes(event.origin) && path.kinds.includes(event.kind)
}

export function isTaken({ status }: Pick<Arrival, 'status'>): boolean {
  return status >= 200 && status <= 299
}
