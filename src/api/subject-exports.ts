import { z } from 'zod'
import { deliveriesOf } from '../db/deliveries.ts'
import { listRejections } from '../db/rejections.ts'
import type { EventRow } from '../model/delivery-log.ts'
import { textOfSubject } from '../model/erasure.ts'
import type { TenantId } from '../model/id.ts'
import { deliveryDetailSchema, showAttempts, showDelivery } from './deliveries.ts'
import type { ApiDeps } from './deps.ts'
import { eventSchema, SHOWN_BODY_BYTES_MAX, showDetail, summarise } from './events.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerScan, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid } from './parse.ts'
import { rejectionSchema, showRejection } from './rejections.ts'
import { findSubject, isSubject, SUBJECT_HINT, subjectSchema } from './subject-search.ts'

const LIST = 'subject-exports'
/** Where the events of a subject end, and the refused requests begin. */
const REJECTIONS = 'rejections'
/** Of one event; more are in the list of deliveries. */
const DELIVERIES_MAX = 100
/** A page asks for its events' bodies and deliveries one by one: D1 permits 1,000 queries an invocation. */
const LINE_PAGES_MAX = 10

const itemSchema = z.object({
  kind: z.enum(['event', 'delivery', 'rejection']),
  /** With its payload; one of over 1 MiB is read at `/events/:id/body`. */
  event: eventSchema.optional(),
  delivery: deliveryDetailSchema.optional(),
  /** A refused request in which the key stands. */
  rejection: rejectionSchema.optional(),
})

export function subjectExportOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/subject-exports',
      summary:
        'All that is held on a key: events with their payloads, unmasked, deliveries with their attempts, refused requests; in pages, or as lines',
      access: 'payloads',
      action: 'read',
      isPrivate: true,
      linePagesMax: LINE_PAGES_MAX,
      query: pageQuery,
      body: subjectSchema,
      answers: { status: 200, schema: pageSchema(itemSchema) },
      run: async (call) => exportPage(deps, call),
    }),
  ]
}

type Asked = Call<never, z.output<typeof pageQuery>, z.output<typeof subjectSchema>>

/** A page holds whole events with their deliveries, and so may have more items than its limit. */
async function exportPage(deps: ApiDeps, { tenantId, query, body, now }: Asked): Promise<Answer> {
  if (!isSubject(body)) throw invalid([{ path: '', message: SUBJECT_HINT }])
  const { after, limit } = pageOf(LIST, query)
  if (after === REJECTIONS || after?.startsWith('rej_')) {
    const page = { after: after === REJECTIONS ? undefined : after, limit }
    const filter = { anywhere: textOfSubject(body) ?? '' }
    const found = await listRejections(deps.logDb, { tenantId, filter, page })
    return answerScan(LIST, found, (row) => ({ kind: 'rejection', rejection: showRejection(row) }))
  }
  const search = { tenantId, subject: body, from: 0, to: now + 1, after }
  const { rows, next } = await findSubject(deps, search)
  const items = await itemsOf(deps, tenantId, rows)
  const hasText = textOfSubject(body) !== undefined
  return answerScan(LIST, { rows: items, next: next ?? (hasText ? REJECTIONS : undefined) }, (item) => item)
}

async function itemsOf(deps: ApiDeps, tenantId: TenantId, rows: readonly EventRow[]): Promise<unknown[]> {
  const eventIds = rows.map(({ id }) => id)
  const deliveries = await deliveriesOf(deps.logDb, { tenantId, eventIds, limit: DELIVERIES_MAX })
  const items: unknown[] = []
  for (const row of rows) {
    const isLarge = row.bodyBytes > SHOWN_BODY_BYTES_MAX
    const stored = await deps.readEvent(row.pointer, isLarge ? null : row.bodyKey)
    const detail = showDetail(stored, { isLarge, isErased: (row.erasureId ?? null) !== null })
    items.push({ kind: 'event', event: { ...summarise(row), ...detail } })
    for (const delivery of deliveries.filter(({ eventId }) => eventId === row.id)) {
      const shown = { ...showDelivery(delivery), attemptLog: showAttempts(delivery.attemptLog) }
      items.push({ kind: 'delivery', delivery: shown })
    }
  }
  return items
}
