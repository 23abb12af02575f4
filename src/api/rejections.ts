import { z } from 'zod'
import { listRejections } from '../db/rejections.ts'
import { isoTime } from '../model/clock.ts'
import type { RejectionRow } from '../model/delivery-log.ts'
import { idSchema } from '../model/id.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Operation } from './operation.ts'
import { answerScan, countryQuery, pageOf, pageQuery, pageSchema, textQuery, timeQuery } from './page.ts'

export const rejectionSchema = z.object({
  id: z.string(),
  sourceId: idSchema('src'),
  at: z.iso.datetime(),
  reason: z.string(),
  detail: z.string(),
  ip: z.string().nullable(),
  country: z.string().nullable(),
  method: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  bodySample: z.string(),
})

const LIST = 'rejections'

export function rejectionOperations({ logDb }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/rejections',
      summary: 'List refused requests with their reasons, newest first; a sample of them, when they are many',
      access: 'rejections',
      query: pageQuery.extend({
        sourceId: idSchema('src').optional(),
        reason: z.string().max(100).optional(),
        country: countryQuery.optional(),
        ip: z.string().max(45).optional(),
        text: textQuery.optional(),
        from: timeQuery.optional(),
        to: timeQuery.optional(),
      }),
      answers: { status: 200, schema: pageSchema(rejectionSchema) },
      async run({ tenantId, query }) {
        const { limit, cursor, ...filter } = query
        const page = pageOf(LIST, { limit, cursor })
        return answerScan(LIST, await listRejections(logDb, { tenantId, filter, page }), showRejection)
      },
    }),
  ]
}

export function showRejection(row: RejectionRow) {
  const { id, sourceId, at, reason, detail, ip, country, method, headers, bodySample } = row
  return { id, sourceId, at: isoTime(at), reason, detail, ip, country, method, headers, bodySample }
}
