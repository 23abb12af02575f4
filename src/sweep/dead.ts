import type { FanoutMessage } from '../model/accept.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import { hourOf } from '../model/metrics.ts'
import type { SystemEvent } from '../model/notice.ts'

/** Log entries that D1 refused for hours wait this long before they are tried again. */
const WAIT_SECONDS = 3_600

export interface DeadDeps {
  log(message: LogMessage, delaySeconds: number): Promise<void>
  /** Tells the operator. */
  tell(event: SystemEvent): Promise<void>
  /** Milliseconds. */
  now(): number
}

/**
 * What exhausted its retries. Log entries go back into their queue after a pause: nothing else may hold them. A page
 * of a fan-out is let go: the intake object hands its segments over again until every page is settled.
 */
export async function consumeDead(
  batch: MessageBatch<LogMessage | FanoutMessage>,
  deps: DeadDeps,
): Promise<void> {
  const counts = new Map<string, number>()
  for (const message of batch.messages) {
    const { body } = message
    if ('kind' in body) await deps.log(body, WAIT_SECONDS)
    const kind = 'kind' in body ? body.kind : 'fanout'
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    report(kind)
    message.ack()
  }
  const data = { messages: Object.fromEntries(counts) }
  const key = String(hourOf(deps.now()))
  // What could be saved is saved, whether or not anybody can be told.
  await deps.tell({ type: 'hookway.queue.dead_letters', key, data }).catch(() => undefined)
}

function report(kind: string): void {
  // oxlint-disable-next-line no-console -- the platform's log is where operators look
  console.warn(JSON.stringify({ event: 'queue.dead_letter', kind }))
}
