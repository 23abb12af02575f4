import { getEvent, listEvents } from '../db/events.ts'
import type { Scanned } from '../db/merge.ts'
import { textExact } from '../model/bytes.ts'
import type { EventRow } from '../model/delivery-log.ts'
import { kindOfSubject, subjectFields, type Subject } from '../model/erasure.ts'
import { readableBody, type Event } from '../model/event.ts'
import { timeOfId, type TenantId } from '../model/id.ts'
import { maskBody } from '../model/mask-body.ts'
import { z } from 'zod'
import type { ApiDeps } from './deps.ts'
import { searchEvents } from './event-search.ts'

/** Events of one page where facts find them; with a value as many as a search looks at. */
const PAGE_EVENTS = 50

export const subjectSchema = z.object(subjectFields)
export const SUBJECT_HINT =
  'Give exactly one of `eventIds`, `orderingKey`, `entityId` (perhaps with `entityType`), or `path` with `value`.'

export function isSubject(subject: Subject): boolean {
  return kindOfSubject(subject) !== undefined
}

export interface SubjectSearch {
  tenantId: TenantId
  subject: Subject
  /** Milliseconds of receipt, `to` exclusive. */
  from: number
  to: number
  after: string | undefined
}

type SearchDeps = Pick<ApiDeps, 'logDb' | 'readSegments' | 'readLargeBody'>

/** The events that a subject means, newest first, in bounded steps; those by id all at once. */
export async function findSubject(deps: SearchDeps, search: SubjectSearch): Promise<Scanned<EventRow>> {
  const { tenantId, subject, from, to, after } = search
  const { eventIds, orderingKey, entityId, entityType, path, value, sourceId } = subject
  if (eventIds) return { rows: await byIds(deps, search, eventIds), next: undefined }
  const page = { after, limit: PAGE_EVENTS }
  const filter = { sourceId, from, to }
  if (path === undefined || value === undefined) {
    const facts = { ...filter, orderingKey, entityId, entityType }
    return await listEvents(deps.logDb, { tenantId, filter: facts, page })
  }
  return await searchEvents(deps, { tenantId, filter, page, isWanted: holds({ path, value }, deps) })
}

async function byIds(
  { logDb }: SearchDeps,
  { tenantId, from, to }: SubjectSearch,
  ids: NonNullable<Subject['eventIds']>,
): Promise<EventRow[]> {
  const rows: EventRow[] = []
  for (const id of new Set(ids)) {
    const row = await getEvent(logDb, tenantId, id)
    const time = timeOfId(id)
    if (row && time >= from && time < to) rows.push(row)
  }
  return rows
}

/** Of a body that cannot be read nobody knows what stands where: there the value counts wherever it is. */
function holds(
  { path, value }: { path: string; value: string },
  { readLargeBody }: SearchDeps,
): (event: Event) => Promise<boolean> {
  return async ({ head, body: inline }) => {
    const body = head.bodyKey === undefined ? inline : await readLargeBody(head.bodyKey)
    const readable = body && readableBody(head, body)
    const source = readable && textExact(readable)
    if (source === undefined) return false
    const contentType = head.opened === undefined ? head.contentType : 'application/json'
    const masked = maskBody(source, { contentType, paths: [path] })
    return masked === undefined ? source.includes(value) : masked.hidden.includes(value)
  }
}
