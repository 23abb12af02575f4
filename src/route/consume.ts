import type { After } from '../model/clock.ts'
import type { FanoutMessage } from '../model/accept.ts'
import { routePage, type RouteDeps } from './route.ts'

export interface FanoutDeps extends RouteDeps {
  after: After
  /** Endpoints that may be woken in a second; undefined: as many as there are. */
  endpointsPerSecond?: number | undefined
  /** Tells the operators that a page comes again. */
  pageFailed(error: unknown, page: Pick<FanoutMessage, 'intake' | 'page'>): void
}

/** A batch of the `fanout` queue. Each page stands alone: one that fails comes again and does not hold up the others. */
export async function consumeFanout(batch: MessageBatch<FanoutMessage>, deps: FanoutDeps): Promise<void> {
  for (const message of batch.messages) {
    const pause = pauseFor(message.body, deps)
    try {
      await routePage(message.body, deps)
      message.ack()
    } catch (error) {
      deps.pageFailed(error, message.body)
      message.retry({ delaySeconds: Math.min(2 ** message.attempts, 300) })
    }
    await pause
  }
}

/** Runs beside the page, so one that takes as long anyway waits for nothing. */
async function pauseFor(
  { endpointIds }: FanoutMessage,
  { after, endpointsPerSecond }: FanoutDeps,
): Promise<void> {
  if (endpointsPerSecond === undefined) return
  const ms = (endpointIds.length * 1000) / endpointsPerSecond
  await new Promise<void>((next) => void after(ms, next))
}
