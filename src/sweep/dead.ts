import type { FanoutMessage } from '../model/accept.ts'
import type { LogMessage } from '../model/delivery-log.ts'

/** Log entries that D1 refused for hours wait this long before they are tried again. */
const WAIT_SECONDS = 3_600

/**
 * What exhausted its retries. Log entries go back into their queue after a pause: nothing else may hold them. A page
 * of a fan-out is let go: the intake object hands its segments over again until every page is settled.
 */
export async function consumeDead(
  batch: MessageBatch<LogMessage | FanoutMessage>,
  deps: { log(message: LogMessage, delaySeconds: number): Promise<void> },
): Promise<void> {
  for (const message of batch.messages) {
    const { body } = message
    if ('kind' in body) await deps.log(body, WAIT_SECONDS)
    report('kind' in body ? body.kind : 'fanout')
    message.ack()
  }
}

function report(kind: string): void {
  // oxlint-disable-next-line no-console -- the platform's log is where operators look
  console.warn(JSON.stringify({ event: 'queue.dead_letter', kind }))
}
