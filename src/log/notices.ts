import type { LogMessage } from '../model/delivery-log.ts'
import type { SourceId, TenantId } from '../model/id.ts'
import { hourOf } from '../model/metrics.ts'
import type { SystemEvent } from '../model/notice.ts'

/** Refused requests of a source in an hour from which on somebody may be trying. */
const SUSPICIOUS_PER_HOUR = 50
/** Refused for what a genuine sender would not send; others are mistakes of the owner's. */
const SUSPICIOUS = /signature|secret|key|body_modified|timestamp|encoding|missing|unknown/

export interface TenantNotice {
  tenantId: TenantId
  event: SystemEvent
}

/** What died in a batch, told for each endpoint and hour once. Events of our own are not: they would tell of themselves. */
export function deadLetterNotices(messages: readonly LogMessage[]): TenantNotice[] {
  const notices = new Map<string, TenantNotice>()
  for (const message of messages) {
    if (message.kind !== 'deliveries') continue
    for (const { id, tenantId, endpointId, eventType, status, error, lastAttemptAt } of message.rows) {
      if (status !== 'dead' || eventType.startsWith('hookway.')) continue
      const key = `${endpointId} ${hourOf(lastAttemptAt ?? 0)}`
      const data = { endpointId, deliveryId: id, eventType, error }
      if (!notices.has(key)) {
        notices.set(key, { tenantId, event: { type: 'hookway.endpoint.dead_letters', key, data } })
      }
    }
  }
  return [...notices.values()]
}

/** The sources at which a batch says that requests were refused for what looks like an attempt. */
export function suspects(
  messages: readonly LogMessage[],
): { tenantId: TenantId; sourceId: SourceId; at: number; reason: string; ip: string | null }[] {
  const rows = messages.flatMap((message) => (message.kind === 'rejections' ? message.rows : []))
  const suspicious = rows.filter(({ reason }) => SUSPICIOUS.test(reason))
  return [...new Map(suspicious.map((row) => [row.sourceId, row])).values()]
}

/** Undefined: so many refusals are nothing unusual. */
export function suspicionNotice(
  { tenantId, sourceId, at, reason, ip }: ReturnType<typeof suspects>[number],
  rejected: number,
): TenantNotice | undefined {
  if (rejected < SUSPICIOUS_PER_HOUR) return undefined
  const data = { sourceId, rejected, reason, ip }
  return { tenantId, event: { type: 'hookway.source.suspicious', key: `${sourceId} ${hourOf(at)}`, data } }
}
