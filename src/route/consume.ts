import type { FanoutMessage } from '../model/accept.ts'
import { routePage, type RouteDeps } from './route.ts'

/** A batch of the `fanout` queue. Each page stands alone: one that fails comes again and does not hold up the others. */
export async function consumeFanout(batch: MessageBatch<FanoutMessage>, deps: RouteDeps): Promise<void> {
  for (const message of batch.messages) {
    try {
      await routePage(message.body, deps)
      message.ack()
    } catch {
      message.retry({ delaySeconds: Math.min(2 ** message.attempts, 300) })
    }
  }
}
