import { z } from 'zod'
import type { AttemptRecord, DeliveryRow, EventPointer, EventRow } from './delivery-log.ts'
import { decodeEvent, encodeEvent, type EventHead } from './event.ts'
import type { Bytes } from './bytes.ts'
import { idSchema, type BatchId, type EventId, type Id, type SourceId, type TenantId } from './id.ts'
import { parseMaskPath } from './mask-path.ts'

export type ErasureId = Id<'era'>

/** An event and where it is kept. */
export interface ErasedEvent extends EventPointer {
  eventId: EventId
}

/** In the place of the error of a delivery whose event was erased. The log's writer takes no attempts for such a one. */
export const ERASED = 'erased'

const EVENT_IDS_MAX = 100

export const subjectFields = {
  eventIds: z.array(idSchema('evt')).min(1).max(EVENT_IDS_MAX).optional(),
  orderingKey: z.string().min(1).max(500).optional(),
  entityId: z.string().min(1).max(200).optional(),
  entityType: z.string().min(1).max(200).optional().meta({ description: 'With `entityId`.' }),
  path: z
    .string()
    .min(1)
    .max(300)
    .refine(
      (given) => parseMaskPath(given) !== undefined,
      'a JSON pointer (/user/email) or a path (user.email)',
    )
    .optional()
    .meta({ description: 'With `value`: where it stands in bodies, as in masking rules.' }),
  value: z.string().min(1).max(500).optional().meta({ description: 'The value at `path`, as text.' }),
  sourceId: idSchema('src').optional().meta({ description: 'Only events of this source.' }),
}

/** One way to say which events are meant, and perhaps the source. */
export interface Subject {
  eventIds?: EventId[] | undefined
  orderingKey?: string | undefined
  entityId?: string | undefined
  entityType?: string | undefined
  path?: string | undefined
  value?: string | undefined
  sourceId?: SourceId | undefined
}

export type SubjectKind = 'eventIds' | 'orderingKey' | 'entity' | 'value'

/** Undefined: it says none, or more than one. */
export function kindOfSubject({
  eventIds,
  orderingKey,
  entityId,
  entityType,
  path,
  value,
}: Subject): SubjectKind | undefined {
  const given: (SubjectKind | false)[] = [
    eventIds !== undefined && 'eventIds',
    orderingKey !== undefined && 'orderingKey',
    entityId !== undefined && 'entity',
    path !== undefined && value !== undefined && 'value',
  ]
  const kinds = given.filter((each) => each !== false)
  const isWhole =
    (path === undefined) === (value === undefined) && (entityType === undefined || entityId !== undefined)
  return kinds.length === 1 && isWhole ? kinds[0] : undefined
}

/** The text that is looked for where no event is named: in what was kept of refused requests. */
export function textOfSubject({ orderingKey, entityId, value }: Subject): string | undefined {
  return orderingKey ?? entityId ?? value
}

/** `settling`: all that was found is erased; what was on its way at the time is looked for once more. */
export const erasureStateSchema = z.enum(['running', 'settling', 'done'])

export const erasureCountsSchema = z.object({
  /** Events whose body, headers and facts were erased. */
  events: z.int(),
  /** Segments of the event store that were written anew. */
  segments: z.int(),
  /** Bodies removed from the bucket. */
  bodies: z.int(),
  /** Deliveries in the log that were cleared of what was sent and answered. */
  deliveries: z.int(),
  /** Rows of endpoints' journals that were written anew. */
  journalRows: z.int(),
  /** Deliveries that waited and were taken back. */
  cancelled: z.int(),
  /** Refused requests whose sample was cleared. */
  rejections: z.int(),
})
export type ErasureCounts = z.infer<typeof erasureCountsSchema>

/** What is kept as proof: how much was erased and of which events, never what. */
export interface Report {
  by: string
  kind: SubjectKind
  /** SHA-256 of the erasure's id, a space and the subject as JSON: who knows the subject can check that it was meant. */
  subjectHash: string
  counts: ErasureCounts
  /** SHA-256 of the events' ids, of the first thousand. */
  eventHashes: string[]
  /** Over the ids of all of them in the order of their erasure: each link is SHA-256 of the one before, a space, and the id. */
  digest: string
  endedAt: number | null
  /** Of the last step, when it failed; it is tried again. */
  error: string | null
  pass: number
  cursor: string | null
}

export interface Erasure {
  id: ErasureId
  tenantId: TenantId
  state: z.infer<typeof erasureStateSchema>
  report: Report
  /** `Subject`, sealed; empty once it is done. */
  subject: string
  leasedUntil: number
}

/** The record that stands in the place of an event's: its id and time, and nothing that it said. */
export function eraseRecord(record: Uint8Array): { record: Bytes; bodyKey: string | undefined } {
  const { head } = decodeEvent(record)
  const { id, tenantId, sourceId, type, receivedAt, bodyBytes } = head
  const erased: EventHead = {
    id,
    tenantId,
    sourceId,
    type,
    receivedAt,
    contentType: '',
    metadata: {},
    bodyBytes,
    erased: true,
  }
  return { record: encodeEvent({ head: erased, body: new Uint8Array(0) }), bodyKey: head.bodyKey }
}

export function eraseAttempt(attempt: AttemptRecord): AttemptRecord {
  const { at, durationMs, result, statusCode, method, batch } = attempt
  return {
    at,
    durationMs,
    result,
    method,
    url: '',
    requestHeaders: [],
    ...(statusCode !== undefined && { statusCode }),
    // By it what was answered is found, which stands with another of the batch.
    ...(batch && { batch }),
  }
}

/** The row of another delivery, without what these batches were sent and answered. */
export function eraseBatchAttempts(row: DeliveryRow, batches: ReadonlySet<BatchId>): DeliveryRow {
  const attempts = Object.entries(row.attemptLog)
  const isMeant = ({ batch }: AttemptRecord) => batch !== undefined && batches.has(batch.id)
  if (!attempts.some(([, each]) => isMeant(each))) return row
  const erased = attempts.map(
    ([number, each]) => [number, isMeant(each) ? eraseAttempt(each) : each] as const,
  )
  return { ...row, attemptLog: Object.fromEntries(erased) }
}

export function eraseDeliveryRow(row: DeliveryRow): DeliveryRow {
  const attempts = Object.entries(row.attemptLog).map(
    ([number, each]) => [number, eraseAttempt(each)] as const,
  )
  return { ...row, error: ERASED, attemptLog: Object.fromEntries(attempts) }
}

export function eraseEventRow(row: EventRow): EventRow {
  const facts = {
    occurredAt: null,
    providerEventId: null,
    entityType: null,
    entityId: null,
    orderingKey: null,
  }
  return { ...row, ...facts, bodyKey: null, country: null }
}
