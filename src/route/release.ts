import type { SubscriptionId, TenantId } from '../model/id.ts'
import { parseIntakeName, type HandOver } from '../model/intake.ts'
import { planRoutes } from './plan.ts'
import { acceptAll, siftWhole, type RouteDeps } from './route.ts'
import { keyOfDecision } from './sift.ts'
import { keepHeld, steer, type HeldItem } from './steer.ts'

/** Events released at once. */
export const RELEASE_PAGE = 100

export interface ReleaseDeps extends RouteDeps {
  /** The subscription's held events in the order of their receipt, after one of them. */
  pageHeld(of: Held, after: HeldItem | undefined, limit: number): Promise<HeldItem[]>
  forgetHeld(items: HeldItem[]): Promise<void>
  /** Nothing is held any more: new events pass again. */
  endRelease(of: Held): Promise<void>
}

export interface Held {
  tenantId: TenantId
  subscriptionId: SubscriptionId
}

/**
 * Routes what a subscription holds and what is due, page by page, with the rule as it is now. A repeat is harmless:
 * an endpoint knows each of its deliveries by the place of the event. Stops where the rule fails again.
 */
export async function releaseHeld(of: Held, deps: ReleaseDeps, pages: number): Promise<{ released: number }> {
  let released = 0
  let after: HeldItem | undefined
  let stays = 0
  for (let page = 0; page < pages; page++) {
    const items = await deps.pageHeld(of, after, RELEASE_PAGE)
    const due = items.filter(({ dueAt }) => dueAt === null || dueAt <= deps.steer.now())
    const done = due.length === 0 ? [] : await route(of, due, deps)
    if (done.length > 0) await deps.forgetHeld(done)
    released += done.length
    stays += items.length - done.length
    after = items.at(-1)
    if (items.length < RELEASE_PAGE) {
      if (stays === 0) await deps.endRelease(of)
      break
    }
    if (done.length < due.length || due.length === 0) break
  }
  return { released }
}

/** The items that now are with their endpoints, or that nothing wants any more. */
async function route(
  { tenantId, subscriptionId }: Held,
  due: HeldItem[],
  deps: ReleaseDeps,
): Promise<HeldItem[]> {
  const table = await deps.routingTable(tenantId)
  const done: HeldItem[] = []
  if (table.paused.has(subscriptionId)) return done
  for (const [intake, items] of Map.groupBy(due, (item) => item.intake)) {
    const places = new Set(items.map(({ segment, index }) => `${segment} ${index}`))
    const segments = await deps.readSegments(intake, [...new Set(items.map(({ segment }) => segment))])
    const handOver: HandOver = { ...parseIntakeName(intake), intake, tenantId, segments }
    const sifted = await siftWhole(handOver, table, deps, {
      items: (id, segment, index) => id === subscriptionId && places.has(`${segment} ${index}`),
    })
    await steer(sifted, deps.steer)
    await keepHeld(intake, sifted.held, deps.steer)
    const { failed } = await acceptAll(planRoutes(handOver, table, undefined, sifted.decisions), deps)
    done.push(
      ...items.filter(({ segment, index }) => {
        const decision = sifted.decisions.get(keyOfDecision(segment, index, subscriptionId))
        return decision?.kind !== 'hold' && !failed.has(segment)
      }),
    )
  }
  return done
}
