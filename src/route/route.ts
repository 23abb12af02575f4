import type { AcceptBatch, FanoutMessage } from '../model/accept.ts'
import type { EventRow } from '../model/delivery-log.ts'
import type { EndpointId, TenantId } from '../model/id.ts'
import { parseIntakeName, type HandOver, type Settlement } from '../model/intake.ts'
import type { RoutingTable } from './match.ts'
import { endpointsOf, planRoutes, type Plan } from './plan.ts'
import { sift, type Sifted, type SiftOptions } from './sift.ts'
import { keepHeld, readBodies, steer, type SteerDeps } from './steer.ts'

export interface FanoutLimits {
  /** With more endpoint objects than this a hand-over goes through the fan-out queue. */
  directObjectsMax: number
  /** Endpoints in one message of the fan-out queue. */
  pageEndpoints: number
}
export const FANOUT: FanoutLimits = { directObjectsMax: 64, pageEndpoints: 100 }
/** Calls to endpoint objects under way at once. */
const CONCURRENT_MAX = 16
/** Rows in one message of the log queue: about 350 bytes each, under 128 KB together. */
const LOG_ROWS_MAX = 200

export interface RouteDeps {
  /** The tenant's subscriptions as they are now, so that a caller sees its own changes in its next event. */
  routingTable(tenantId: TenantId): Promise<RoutingTable>
  /** Hands a batch to one of the endpoint's objects; resolves when it is durable there, but for the segments of the answer. */
  accept(object: string, batch: AcceptBatch): Promise<readonly number[] | void>
  enqueueFanout(messages: FanoutMessage[]): Promise<void>
  logEvents(rows: EventRow[]): Promise<void>
  readSegments(intake: string, segments: number[]): Promise<{ segment: number; records: Uint8Array }[]>
  settlePage(message: FanoutMessage): Promise<void>
  /** For the rules of subscriptions. */
  steer: SteerDeps
}

/**
 * Brings segments to the endpoints that want them. A segment counts as settled only when every one of its endpoints
 * has it durably; what failed is handed over again by the intake, which is harmless: endpoints know what they have.
 */
export async function routeHandOver(
  handOver: HandOver,
  deps: RouteDeps,
  limits: FanoutLimits = FANOUT,
): Promise<Settlement> {
  const table = await deps.routingTable(handOver.tenantId)
  const sifted = await siftWhole(handOver, table, deps)
  const wide = planRoutes(handOver, table, undefined, sifted.decisions)
  const isWide = wide.batches.size > limits.directObjectsMax
  // With many endpoints each page runs the transformations of its own.
  if (!isWide) await steer(sifted, deps.steer)
  await keepHeld(handOver.intake, sifted.held, deps.steer)
  // Without rules the first plan is the last: a tenant without any pays for one.
  const isFinal = isWide || sifted.decisions.size === 0
  const plan = isFinal ? wide : planRoutes(handOver, table, undefined, sifted.decisions)
  for (let i = 0; i < plan.unmatched.length; i += LOG_ROWS_MAX) {
    await deps.logEvents(plan.unmatched.slice(i, i + LOG_ROWS_MAX))
  }
  const segments = handOver.segments.map(({ segment }) => segment)
  if (isWide) return await enqueuePages(handOver, plan, deps, limits.pageEndpoints)
  const { failed, lent } = await acceptAll(plan, deps, handOver)
  const settled = segments.filter((segment) => !failed.has(segment) && !lent.has(segment))
  const open = [...lent].flatMap(([segment, objects]) => (failed.has(segment) ? [] : { segment, objects }))
  return { settled, paged: [], ...(open.length > 0 && { lent: open }) }
}

/** Consumes one page of a fan-out. Throws when it must be delivered again. */
export async function routePage(message: FanoutMessage, deps: RouteDeps): Promise<void> {
  const { intake, tenantId } = message
  const segments = await deps.readSegments(intake, message.segments)
  const handOver: HandOver = { ...parseIntakeName(intake), intake, tenantId, segments }
  const table = await deps.routingTable(tenantId)
  const only = new Set(message.endpointIds)
  const sifted = await siftWhole(handOver, table, deps, { only })
  await steer(sifted, deps.steer)
  await keepHeld(intake, sifted.held, deps.steer)
  const { failed } = await acceptAll(planRoutes(handOver, table, only, sifted.decisions), deps)
  if (failed.size > 0)
    throw new Error(`fan-out of ${intake}: ${failed.size} segments did not reach every endpoint`)
  await deps.settlePage(message)
}

/** What the rules say as far as the events themselves decide it, with the bodies that the rules look into. */
export async function siftWhole(
  handOver: HandOver,
  table: RoutingTable,
  { steer: deps }: RouteDeps,
  options: Omit<SiftOptions, 'now' | 'bodies'> = {},
): Promise<Sifted> {
  const bodies = await readBodies(handOver, table, deps)
  return sift(handOver, table, { ...options, bodies, now: deps.now() })
}

async function enqueuePages(
  handOver: HandOver,
  plan: Plan,
  deps: RouteDeps,
  pageEndpoints: number,
): Promise<Settlement> {
  const { intake, tenantId } = handOver
  const segments = handOver.segments.map(({ segment }) => segment)
  const endpointIds = endpointsOf(plan).sort()
  const messages: FanoutMessage[] = []
  for (let i = 0; i < endpointIds.length; i += pageEndpoints) {
    const page = endpointIds.slice(i, i + pageEndpoints)
    messages.push({ intake, tenantId, segments, page: pageId(page), endpointIds: page })
  }
  await deps.enqueueFanout(messages)
  const pages = messages.map(({ page }) => page)
  return { settled: [], paged: segments.map((segment) => ({ segment, pages })) }
}

/**
 * A page is named by what is on it, in 53 bits: when the same segments are handed over again and the subscriptions
 * have changed, a late message of the first plan settles only a page of the second that is the same.
 */
function pageId(endpointIds: readonly EndpointId[]): number {
  let [a, b] = [0x811c9dc5, 0x9e3779b9]
  for (const char of endpointIds.join()) {
    const code = char.charCodeAt(0)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11)
}

interface Accepted {
  /** Segments of which some endpoint did not get its part. */
  failed: Set<number>
  /** Segments that are not durable at these objects. */
  lent: Map<number, string[]>
}

/** Hands over every batch. */
export async function acceptAll(
  plan: Plan,
  deps: RouteDeps,
  { mayLend = false }: Pick<HandOver, 'mayLend'> = {},
): Promise<Accepted> {
  const accepted: Accepted = { failed: new Set(), lent: new Map() }
  const queue = [...plan.batches.entries()]
  const workers = Array.from({ length: Math.min(CONCURRENT_MAX, queue.length) }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await acceptInOrder(next, { deps, mayLend, accepted })
    }
  })
  await Promise.all(workers)
  return accepted
}

/** One object's batches one after another: after a failure the later ones wait for the repeat, to keep the order. */
async function acceptInOrder(
  [object, batches]: [string, AcceptBatch[]],
  { deps, mayLend, accepted }: { deps: RouteDeps; mayLend: boolean; accepted: Accepted },
): Promise<void> {
  let hasFailed = false
  // An object settles a segment under its one name, so of two batches it could settle the second with the first.
  const isLent = mayLend && batches.length === 1
  for (const batch of batches) {
    const borrowed: readonly number[] | undefined = hasFailed
      ? undefined
      : await deps.accept(object, isLent ? { ...batch, mayBorrow: true } : batch).then(
          (segments) => segments ?? [],
          () => undefined,
        )
    hasFailed ||= borrowed === undefined
    if (hasFailed) for (const { segment } of batch.items) accepted.failed.add(segment)
    for (const segment of borrowed ?? []) {
      accepted.lent.set(segment, [...(accepted.lent.get(segment) ?? []), object])
    }
  }
}
