import { z } from 'zod'
import { listDeliveries } from '../db/deliveries.ts'
import { getEvent, listEvents } from '../db/events.ts'
import { textExact, toBase64, type Bytes } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import type { EventRow } from '../model/delivery-log.ts'
import { readableBody, type Event } from '../model/event.ts'
import { idSchema, type EventId, type TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { notFound } from './amend.ts'
import { deliverySchema, showDelivery } from './deliveries.ts'
import type { ApiDeps } from './deps.ts'
import { hasText, searchEvents } from './event-search.ts'
import { isoOrNull } from './fields.ts'
import { payloadMask } from './payload-masks.ts'
import { operation, type Answer, type Operation } from './operation.ts'
import { answerScan, countryQuery, pageOf, pageQuery, pageSchema, textQuery, timeQuery } from './page.ts'

/** A larger body is read by itself, at `/events/:id/body`. */
export const SHOWN_BODY_BYTES_MAX = 1024 * 1024
const SHOWN_DELIVERIES_MAX = 250

const listQuery = pageQuery.extend({
  sourceId: idSchema('src').optional(),
  type: z.string().max(200).optional(),
  entityType: z.string().max(200).optional(),
  entityId: z.string().max(200).optional(),
  providerEventId: z.string().max(200).optional(),
  orderingKey: z.string().max(500).optional(),
  country: countryQuery.optional(),
  text: textQuery
    .optional()
    .meta({ description: 'In the body, in any case. Looks at up to 250 events a page.' }),
  from: timeQuery.optional(),
  to: timeQuery.optional(),
})
const summarySchema = z.object({
  id: idSchema('evt'),
  /** Null: published through the API. */
  sourceId: idSchema('src').nullable(),
  type: z.string(),
  receivedAt: z.iso.datetime(),
  occurredAt: z.iso.datetime().nullable(),
  providerEventId: z.string().nullable(),
  entityType: z.string().nullable(),
  entityId: z.string().nullable(),
  contentType: z.string(),
  bodyBytes: z.int(),
  /** Two letters, where the request came from. */
  country: z.string().nullable(),
  orderingKey: z.string().nullable(),
})
export const eventSchema = summarySchema.extend({
  method: z.string().optional(),
  path: z.string().optional(),
  headers: z.array(z.tuple([z.string(), z.string()])).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  /** The body, when it is JSON. */
  data: z.unknown().optional(),
  /** The body in base64, when it is not. */
  body: z.string().optional(),
  /** `shown` above; `large`: read it at `/events/:id/body`; `gone`: retention took it; `erased`: see `/erasures`. */
  bodyState: z.enum(['shown', 'large', 'gone', 'erased']),
})
const shownSchema = eventSchema.extend({ deliveries: z.array(deliverySchema) })

const LIST = 'events'

export function eventOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/events',
      summary:
        'List events by time of receipt, newest first; they appear some seconds after they were accepted',
      access: 'events',
      query: listQuery,
      answers: { status: 200, schema: pageSchema(summarySchema) },
      async run({ tenantId, scopes, query }) {
        const { limit, cursor, text, ...filter } = query
        const page = pageOf(LIST, { limit, cursor })
        const found =
          text === undefined
            ? await listEvents(deps.logDb, { tenantId, filter, page })
            : await searchEvents(deps, {
                tenantId,
                filter,
                page,
                isWanted: hasText(text, payloadMask(deps, { tenantId, scopes })),
              })
        return answerScan(LIST, found, summarise)
      },
    }),
    operation({
      method: 'GET',
      path: '/events/:id',
      summary: 'Read an event with its payload and its deliveries',
      access: 'events',
      idPrefix: 'evt',
      answers: { status: 200, schema: shownSchema },
      run: async ({ tenantId, id, scopes }) =>
        show(deps, { tenantId, id, mask: payloadMask(deps, { tenantId, scopes }) }),
    }),
    operation({
      method: 'GET',
      path: '/events/:id/body',
      summary:
        'Read the body of an event byte for byte; masked, where rules say so, without the scope payloads:read',
      access: 'events',
      idPrefix: 'evt',
      answers: { status: 200 },
      async run({ tenantId, id, scopes }) {
        const row = await getEvent(deps.logDb, tenantId, id)
        const event = row && (await deps.readEvent(row.pointer, row.bodyKey))
        if (!event)
          throw new ProblemError('not_found', 'There is no such event, or its body is past retention.')
        // What strangers sent must not become a page of this origin in somebody's browser.
        const headers = {
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${id}"`,
          'x-content-type-options': 'nosniff',
        }
        const { body: bytes } = await payloadMask(deps, { tenantId, scopes })(event)
        return { status: 200, bytes, headers }
      },
    }),
  ]
}

async function show(
  deps: ApiDeps,
  { tenantId, id, mask }: { tenantId: TenantId; id: EventId; mask: ReturnType<typeof payloadMask> },
): Promise<Answer> {
  const row = await getEvent(deps.logDb, tenantId, id)
  if (!row) throw notFound()
  const page = { after: undefined, limit: SHOWN_DELIVERIES_MAX }
  const isLarge = row.bodyBytes > SHOWN_BODY_BYTES_MAX
  const [event, deliveries] = await Promise.all([
    // Without its key a large body stays where it is.
    deps.readEvent(row.pointer, isLarge ? null : row.bodyKey),
    listDeliveries(deps.logDb, { tenantId, filter: { eventId: id }, page }),
  ])
  return {
    status: 200,
    body: {
      ...summarise(row),
      ...showDetail(event && (await mask(event)), { isLarge, isErased: row.erasureId !== null }),
      deliveries: deliveries.rows.map(showDelivery),
    },
  }
}

export function summarise(row: EventRow) {
  return {
    id: row.id,
    sourceId: row.sourceId,
    type: row.type,
    receivedAt: isoTime(row.receivedAt),
    occurredAt: isoOrNull(row.occurredAt),
    providerEventId: row.providerEventId,
    entityType: row.entityType,
    entityId: row.entityId,
    contentType: row.contentType,
    bodyBytes: row.bodyBytes,
    country: row.country ?? null,
    orderingKey: row.orderingKey ?? null,
  }
}

export function showDetail(
  event: Event | undefined,
  { isLarge, isErased }: { isLarge: boolean; isErased: boolean },
) {
  if (isErased) return { bodyState: 'erased' }
  if (!event) return { bodyState: 'gone' }
  const { method, path, headers, metadata } = event.head
  const head = { method, path, headers, metadata }
  if (isLarge) return { ...head, bodyState: 'large' }
  return { ...head, ...showPayload(readableBody(event.head, event.body)), bodyState: 'shown' }
}

function showPayload(body: Bytes): { data: unknown } | { body: string } {
  const source = textExact(body)
  try {
    if (source !== undefined) return { data: JSON.parse(source) as unknown }
  } catch {
    // Not JSON, whatever its content type says.
  }
  return { body: toBase64(body) }
}
