import type { LogMessage } from '../model/delivery-log.ts'
import type { SourceId, TenantId } from '../model/id.ts'
import type { SystemEvent } from '../model/notice.ts'
import { deadLetterNotices, suspects, suspicionNotice } from './notices.ts'

export interface LogDeps {
  /** Writes a batch; resolves when D1 has it. */
  write(messages: readonly LogMessage[]): Promise<void>
  /** Tells an endpoint object which of its outcomes are safe. */
  confirm(object: string, receipts: number[]): Promise<void>
  /** Requests to the source that were refused in the hour of `at` (ms). */
  rejectedThisHour(tenantId: TenantId, sourceId: SourceId, at: number): Promise<number>
  tell(tenantId: TenantId, event: SystemEvent): Promise<void>
  /** Tells the operators that D1 refused so many messages. */
  writeFailed(error: unknown, messages: number): void
}

/** Seconds until a batch that D1 refused comes again, by the number of its tries. */
const RETRY_SECONDS = [2, 5, 15, 30, 60, 300]

/**
 * A batch of the `log` queue: written with one statement a table, then confirmed to the objects it came from. When
 * the batch fails as a whole, each message is tried alone, so that one that D1 will not take does not stop the rest.
 * A confirmation that is lost costs a repeat, which the writer merges.
 */
export async function consumeLog(batch: MessageBatch<LogMessage>, deps: LogDeps): Promise<void> {
  const written = await writeAll(batch, deps)
  const receipts = new Map<string, number[]>()
  for (const { body } of written) {
    if (body.kind === 'deliveries')
      receipts.set(body.object, [...(receipts.get(body.object) ?? []), body.receipt])
  }
  await Promise.allSettled([...receipts].map(([object, list]) => deps.confirm(object, list)))
  const bodies = written.map(({ body }) => body)
  await tellOf(bodies, deps)
}

/** A notice that cannot be given is not given: the log says the same, and the next one comes within the hour. */
export async function tellOf(
  messages: readonly LogMessage[],
  deps: Pick<LogDeps, 'rejectedThisHour' | 'tell'>,
): Promise<void> {
  const doubts = await Promise.allSettled(
    suspects(messages).map(async (suspect) => {
      const { tenantId, sourceId, at } = suspect
      return suspicionNotice(suspect, await deps.rejectedThisHour(tenantId, sourceId, at))
    }),
  )
  const suspicious = doubts.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []))
  const notices = [...deadLetterNotices(messages), ...suspicious]
  await Promise.allSettled(notices.map(({ tenantId, event }) => deps.tell(tenantId, event)))
}

async function writeAll(batch: MessageBatch<LogMessage>, deps: LogDeps): Promise<Message<LogMessage>[]> {
  const whole = await tryWrite([...batch.messages], deps)
  if (whole) return [...batch.messages]
  const written: Message<LogMessage>[] = []
  for (const message of batch.messages) {
    if (await tryWrite([message], deps)) written.push(message)
    else message.retry({ delaySeconds: RETRY_SECONDS[message.attempts - 1] ?? 600 })
  }
  return written
}

async function tryWrite(messages: Message<LogMessage>[], deps: LogDeps): Promise<boolean> {
  try {
    await deps.write(messages.map(({ body }) => body))
  } catch (error) {
    deps.writeFailed(error, messages.length)
    return false
  }
  for (const message of messages) message.ack()
  return true
}
