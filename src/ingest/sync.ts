import { after, within, type Clock } from '../model/clock.ts'
import { encodeEvent } from '../model/event.ts'
import { timeOfId } from '../model/id.ts'
import type { AwaitedEvent, Reply } from '../model/reply.ts'
import type { ReadyEvent } from './accept.ts'
import { bodiless, respond, type Answered } from './respond.ts'

export interface SyncDeps {
  clock: Clock
  /** What the endpoint answers that an accepted event goes to. */
  replyTo(event: AwaitedEvent): Promise<Reply>
}

interface Accepted extends Omit<Answered, 'type'> {
  events: readonly ReadyEvent[]
}

/** Says what the answer is: the endpoint's own (`answered`), or why it is not. */
const HEADER = 'hookway-sync'
/** The answer to a request is known for about so long after it came; what repeats an older one does not wait. */
const REPEAT_MS = 60_000

/**
 * The answer of a source whose sender waits for the endpoint's own: that, if it comes in time, else the configured one.
 * The events are durable before, and are delivered as ever, whatever becomes of the wait.
 */
export async function respondInTime(
  accepted: Accepted,
  headers: Record<string, string>,
  deps: SyncDeps,
): Promise<Response> {
  const answered: Answered = { ...accepted, type: accepted.events[0]?.event.head.type ?? '' }
  if (answered.source.settings.response?.mode !== 'sync') return respond(answered, headers)
  const reply = await awaitReply(accepted, deps)
  if (reply.kind !== 'answered') return respond(answered, { ...headers, [HEADER]: reply.kind })
  const own = new Headers(reply.headers)
  for (const [name, value] of Object.entries(headers)) own.set(name, value)
  own.set(HEADER, 'answered')
  // The endpoint's pages must not act as ours: they come from the origin of the management API.
  own.set('content-security-policy', 'sandbox')
  own.set('x-content-type-options', 'nosniff')
  const { status, body } = reply
  return new Response(bodiless(status) ? null : body, { status, headers: own })
}

async function awaitReply(
  { source, events, appended, request }: Accepted,
  { clock, replyTo }: SyncDeps,
): Promise<Reply> {
  const [ready, second] = events
  const [first] = appended
  if (ready === undefined || first === undefined || second !== undefined) return { kind: 'batch' }
  const { endpointId = null, timeoutMs: limitMs = 0 } = source.settings.response ?? {}
  const timeoutMs = Math.max(0, limitMs - (clock.now() - request.receivedAt))
  // A repeat has the answer of the first.
  const { head, body } = ready.event
  const awaited: AwaitedEvent = {
    tenantId: source.tenantId,
    record: encodeEvent({ head: { ...head, id: first.id }, body }),
    endpointId,
    timeoutMs,
    isRepeat: first.duplicate && request.receivedAt - timeOfId(first.id) > REPEAT_MS,
  }
  const asked = replyTo(awaited).catch((): Reply => ({ kind: 'unanswered' }))
  return await within(timeoutMs, asked, after).catch((): Reply => ({ kind: 'timeout' }))
}
