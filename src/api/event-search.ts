import { listEvents, type EventFilter } from '../db/events.ts'
import type { Page } from '../db/config-rows.ts'
import type { Scanned } from '../db/merge.ts'
import { text as decode } from '../model/bytes.ts'
import type { EventRow } from '../model/delivery-log.ts'
import { decodeEvent, readableBody, unpackRecords, type Event } from '../model/event.ts'
import type { TenantId } from '../model/id.ts'
import type { ApiDeps } from './deps.ts'

/** Bodies are not in the database but in the objects that received them: one page opens no more of those than this. */
const EVENTS_MAX = 250
const SEGMENTS_MAX = 64
/** Segments in one call: each may have 1.5 MB, and an isolate has 128. */
const SEGMENTS_AT_ONCE = 8

interface Search {
  tenantId: TenantId
  filter: EventFilter
  page: Page
  /** Bodies over 256 KiB are not in the event that it is given. */
  isWanted: (event: Event) => Promise<boolean>
}

/** Whether the body holds the text, in any case. What the caller may not see is not found either: to try texts would tell it. */
export function hasText(text: string, mask: (event: Event) => Promise<Event>): Search['isWanted'] {
  const needle = text.toLowerCase()
  return async (event) => {
    const { head, body } = await mask(event)
    return decode(readableBody(head, body)).toLowerCase().includes(needle)
  }
}

/** The events that are wanted for what is in them. A page may be short, even empty, and still go on. */
export async function searchEvents(
  deps: Pick<ApiDeps, 'logDb' | 'readSegments'>,
  { tenantId, filter, page, isWanted }: Search,
): Promise<Scanned<EventRow>> {
  const candidates = await listEvents(deps.logDb, {
    tenantId,
    filter,
    page: { after: page.after, limit: EVENTS_MAX },
  })
  const { looked, segments } = withinBudget(candidates.rows)
  const holding = await placesWith(isWanted, segments, deps)
  const found = looked.filter(({ pointer }) => holding.has(placeOf(pointer)))
  if (found.length > page.limit) {
    const rows = found.slice(0, page.limit)
    return { rows, next: rows.at(-1)?.id }
  }
  const isCut = looked.length < candidates.rows.length
  return { rows: found, next: isCut ? looked.at(-1)?.id : candidates.next }
}

/** As many of the rows, in their order, as lie in the segments that may be opened. */
function withinBudget(rows: readonly EventRow[]): { looked: EventRow[]; segments: Map<string, Set<number>> } {
  const segments = new Map<string, Set<number>>()
  const looked: EventRow[] = []
  let opened = 0
  for (const row of rows) {
    const { intake, segment } = row.pointer
    const known = segments.get(intake) ?? new Set()
    if (!known.has(segment) && ++opened > SEGMENTS_MAX) break
    segments.set(intake, known.add(segment))
    looked.push(row)
  }
  return { looked, segments }
}

async function placesWith(
  isWanted: (event: Event) => Promise<boolean>,
  segments: ReadonlyMap<string, ReadonlySet<number>>,
  { readSegments }: Pick<ApiDeps, 'readSegments'>,
): Promise<Set<string>> {
  const places = new Set<string>()
  for (const [intake, wanted] of segments) {
    const list = [...wanted]
    for (let i = 0; i < list.length; i += SEGMENTS_AT_ONCE) {
      for (const { segment, records } of await readSegments(intake, list.slice(i, i + SEGMENTS_AT_ONCE))) {
        for (const [index, record] of unpackRecords(records).entries()) {
          if (await isWanted(decodeEvent(record))) places.add(placeOf({ intake, segment, index }))
        }
      }
    }
  }
  return places
}

function placeOf({ intake, segment, index }: EventRow['pointer']): string {
  return `${intake} ${segment} ${index}`
}
