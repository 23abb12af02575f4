import { z } from 'zod'
import { getDelivery, listDeliveries, type DeliverySummary } from '../db/deliveries.ts'
import { isoTime } from '../model/clock.ts'
import type { AttemptRecord, DeliveryRow } from '../model/delivery-log.ts'
import { idSchema } from '../model/id.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { isoOrNull } from './fields.ts'
import { operation, type Operation } from './operation.ts'
import { answerScan, pageOf, pageQuery, pageSchema, statusCodeQuery, textQuery, timeQuery } from './page.ts'

const statusSchema = z.enum(['pending', 'delivered', 'retrying', 'held', 'dead', 'cancelled'])

const listQuery = pageQuery.extend({
  endpointId: idSchema('ep').optional(),
  eventId: idSchema('evt').optional(),
  eventType: z.string().max(200).optional(),
  sourceId: idSchema('src').optional(),
  subscriptionId: idSchema('sub').optional(),
  status: statusSchema.optional(),
  statusCode: statusCodeQuery.optional(),
  text: textQuery.optional().meta({
    description:
      'Anywhere in the attempts: an error, a header, the answer. Looks at 1,000 deliveries a page.',
  }),
  from: timeQuery.optional(),
  to: timeQuery.optional(),
})

export const deliverySchema = z.object({
  id: idSchema('dlv'),
  eventId: idSchema('evt'),
  eventType: z.string(),
  sourceId: idSchema('src').nullable(),
  endpointId: idSchema('ep'),
  subscriptionId: idSchema('sub'),
  status: statusSchema,
  /** Tries so far. */
  attempts: z.int(),
  statusCode: z.int().nullable(),
  lastAttemptAt: z.iso.datetime().nullable(),
  nextAttemptAt: z.iso.datetime().nullable(),
  error: z.string().nullable(),
  durationMs: z.number().nullable(),
})

const headersSchema = z.array(z.tuple([z.string(), z.string()]))
const attemptSchema = z.object({
  number: z.int(),
  at: z.iso.datetime(),
  durationMs: z.number(),
  /** `delivered`, or the reason why not. */
  result: z.string(),
  statusCode: z.int().nullable(),
  error: z.string().nullable(),
  request: z.object({ url: z.string(), method: z.string(), headers: headersSchema }),
  /** Null: there was no answer. */
  response: z.object({ headers: headersSchema, body: z.string(), truncated: z.boolean() }).nullable(),
  /** Null: the request was its own. Else it carried so many, and stands whole with the delivery that is named here. */
  batch: z.object({ id: idSchema('bat'), size: z.int(), deliveryId: idSchema('dlv') }).nullable(),
})
export const deliveryDetailSchema = deliverySchema.extend({
  /** Every try, first to last; of a very long series the later ones are shortened, then only counted. */
  attemptLog: z.array(attemptSchema),
})

const LIST = 'deliveries'

export function deliveryOperations({ logDb }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/deliveries',
      summary: 'List deliveries by their event’s time of receipt, newest first',
      access: 'deliveries',
      query: listQuery,
      answers: { status: 200, schema: pageSchema(deliverySchema) },
      async run({ tenantId, query }) {
        const { limit, cursor, ...filter } = query
        const page = pageOf(LIST, { limit, cursor })
        return answerScan(LIST, await listDeliveries(logDb, { tenantId, filter, page }), showDelivery)
      },
    }),
    operation({
      method: 'GET',
      path: '/deliveries/:id',
      summary: 'Read a delivery with every attempt',
      access: 'deliveries',
      idPrefix: 'dlv',
      answers: { status: 200, schema: deliveryDetailSchema },
      async run({ tenantId, id }) {
        const row = await getDelivery(logDb, tenantId, id)
        if (!row) throw notFound()
        return { status: 200, body: { ...showDelivery(row), attemptLog: showAttempts(row.attemptLog) } }
      },
    }),
  ]
}

export function showDelivery(row: DeliverySummary) {
  return {
    id: row.id,
    eventId: row.eventId,
    eventType: row.eventType,
    sourceId: row.sourceId,
    endpointId: row.endpointId,
    subscriptionId: row.subscriptionId,
    status: row.status,
    attempts: row.attempts,
    statusCode: row.statusCode,
    lastAttemptAt: isoOrNull(row.lastAttemptAt),
    nextAttemptAt: isoOrNull(row.nextAttemptAt),
    error: row.error,
    durationMs: row.durationMs,
  }
}

export function showAttempts(log: DeliveryRow['attemptLog']) {
  return Object.entries(log)
    .map(([number, attempt]) => showAttempt(Number(number), attempt))
    .toSorted((a, b) => a.number - b.number)
}

function showAttempt(number: number, attempt: AttemptRecord) {
  const { at, durationMs, result, statusCode = null, error = null, batch = null } = attempt
  const { url, method, requestHeaders, responseHeaders = [], responseBody = '' } = attempt
  const response =
    statusCode === null
      ? null
      : { headers: responseHeaders, body: responseBody, truncated: attempt.responseTruncated ?? false }
  const request = { url, method, headers: requestHeaders }
  return { number, at: isoTime(at), durationMs, result, statusCode, error, request, response, batch }
}
