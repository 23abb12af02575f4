import { encodeEvent, INLINE_BODY_BYTES_MAX, type Event } from '../model/event.ts'
import type { AppendItem, Appended } from '../model/intake.ts'
import type { SourceId, TenantId } from '../model/id.ts'
import type { Bytes } from '../model/bytes.ts'

/** A repeat of our own call to the intake is recognised for this long, whatever the source's rule for duplicates. */
const OWN_RETRY_WINDOW_MS = 60_000

export interface ReadyEvent {
  event: Event
  dedupeKey: string | null
  dedupeWindowSeconds: number
}

export interface AcceptDeps {
  /** Appends to the intake object of that name, created near `region`. Durable when it resolves. */
  append(intake: string, region: Region, items: AppendItem[]): Promise<Appended[]>
  /** Stores a body apart. Durable when it resolves. */
  putBody(key: string, body: Bytes): Promise<void>
}

/** Location hints of Durable Objects. */
export type Region = 'wnam' | 'enam' | 'sam' | 'weur' | 'eeur' | 'apac' | 'oc' | 'afr' | 'me'

/**
 * Which intake object of a source takes a request. `ordered` is one object that keeps the order; `single` is one, so
 * that it can count; else there is one in each region.
 */
export interface Lane {
  tenantId: TenantId
  sourceId: SourceId | null
  lane: 'ordered' | 'single' | 'regional'
  region: Region
}

/** Makes events durable, in order, and answers what became of each: promise 1 is kept here and in the intake object. */
export async function acceptEvents(
  { tenantId, sourceId, lane, region, events }: Lane & { events: readonly ReadyEvent[] },
  deps: AcceptDeps,
): Promise<Appended[]> {
  const items: AppendItem[] = []
  for (const { event, dedupeKey, dedupeWindowSeconds } of events) {
    items.push({
      id: event.head.id,
      record: encodeEvent(await withBodyApart(event, deps)),
      key: dedupeKey ?? `evt:${event.head.id}`,
      windowMs: dedupeKey === null ? OWN_RETRY_WINDOW_MS : dedupeWindowSeconds * 1000,
    })
  }
  return await deps.append(intakeName({ tenantId, sourceId, lane, region }), region, items)
}

export function intakeName({ tenantId, sourceId, lane, region }: Lane): string {
  return `${tenantId}/${sourceId ?? 'publish'}/${lane === 'regional' ? region : lane}`
}

/** Where the object should live: by the caller's continent, and by longitude where a continent has two. */
export function regionOf(cf: { continent?: string; longitude?: string } | undefined): Region {
  const longitude = Number(cf?.longitude ?? 0)
  switch (cf?.continent) {
    case 'NA':
      return longitude < -100 ? 'wnam' : 'enam'
    case 'SA':
      return 'sam'
    case 'AS':
      return longitude < 60 ? 'me' : 'apac'
    case 'OC':
      return 'oc'
    case 'AF':
      return 'afr'
    case 'EU':
      return longitude < 20 ? 'weur' : 'eeur'
    default:
      return 'enam'
  }
}

async function withBodyApart(event: Event, deps: AcceptDeps): Promise<Event> {
  if (event.body.byteLength <= INLINE_BODY_BYTES_MAX) return event
  const { head } = event
  const bodyKey = `${head.tenantId}/${head.sourceId ?? 'publish'}/${head.id}`
  await deps.putBody(bodyKey, event.body)
  return { head: { ...head, bodyKey }, body: new Uint8Array(0) }
}
