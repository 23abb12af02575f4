import type { Event } from '../model/event.ts'
import { newId, type TenantId } from '../model/id.ts'
import type { Appended } from '../model/intake.ts'
import type { Masking } from '../model/masking.ts'
import type { Publication } from '../model/publication.ts'
import { DEDUPE_WINDOW_SECONDS } from '../model/source.ts'
import { acceptEvents, regionOf, type AcceptDeps, type ReadyEvent } from './accept.ts'

/** Publications as events of the tenant's own, durable when it resolves. One of them with an ordering key keeps all in order. */
export async function publishEvents(
  {
    tenantId,
    publications,
    masking,
    now,
  }: {
    tenantId: TenantId
    publications: readonly Publication[]
    /** The tenant's. */
    masking?: Masking | undefined
    now: number
  },
  deps: AcceptDeps,
): Promise<Appended[]> {
  const events = publications.map((publication): ReadyEvent => {
    return {
      event: eventOf(tenantId, publication, { masking, now }),
      dedupeKey: dedupeKeyOf(publication),
      dedupeWindowSeconds: DEDUPE_WINDOW_SECONDS,
    }
  })
  const lane = publications.some(({ orderingKey }) => orderingKey !== undefined) ? 'ordered' : 'regional'
  return await acceptEvents({ tenantId, sourceId: null, lane, region: regionOf(undefined), events }, deps)
}

function dedupeKeyOf({ key, onceKey }: Publication): string | null {
  if (key !== undefined) return `pub:${key}`
  return onceKey === undefined ? null : `once:${onceKey}`
}

function eventOf(
  tenantId: TenantId,
  publication: Publication,
  { masking, now }: { masking: Masking | undefined; now: number },
): Event {
  const { type, body, contentType, occurredAt, orderingKey, deliverAt, key, metadata } = publication
  return {
    head: {
      id: newId('evt', now),
      tenantId,
      sourceId: null,
      type,
      receivedAt: now,
      ...(occurredAt !== undefined && { occurredAt }),
      ...(orderingKey !== undefined && { orderingKey }),
      ...(deliverAt !== undefined && { deliverAt }),
      ...(key !== undefined && { providerEventId: key }),
      contentType,
      ...(masking && { masking }),
      metadata,
      bodyBytes: body.byteLength,
    },
    body,
  }
}
