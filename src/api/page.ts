import { z } from 'zod'
import type { Page } from '../db/config-rows.ts'
import type { Scanned } from '../db/merge.ts'
import { fromBase64Url, text, toBase64Url, utf8 } from '../model/bytes.ts'
import { ProblemError } from '../model/problem.ts'
import type { Answer } from './operation.ts'

const LIMIT_MAX = 250

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(50),
  cursor: z.string().max(400).optional(),
})

/** A moment in a query: ISO 8601 with an offset or `Z`; becomes milliseconds. */
export const timeQuery = z.iso
  .datetime({ offset: true })
  .transform((iso) => Date.parse(iso))
  .pipe(z.int().min(0))

/** Text to look for, in any case, where the list says. */
export const textQuery = z.string().min(2).max(200)

/** Within the name or the uid of a resource. */
export const nameQuery = textQuery.optional().meta({ description: 'In the name or the uid, in any case.' })

export const countryQuery = z.string().regex(/^[A-Z0-9]{2}$/, 'two capital letters')

/** `404`, or `4xx`; becomes a range. */
export const statusCodeQuery = z
  .string()
  .regex(/^[1-5](xx|\d\d)$/, 'a status code, or 4xx')
  .transform((code) => ({ from: Number(code.replace('xx', '00')), to: Number(code.replace('xx', '99')) }))

export function pageSchema(item: z.ZodType): z.ZodType {
  return z.object({ data: z.array(item), next: z.string().nullable() })
}

/** `list` is the name of the list: its cursors fit no other. */
export function pageOf(list: string, { limit, cursor }: z.output<typeof pageQuery>): Page {
  if (cursor === undefined) return { after: undefined, limit }
  const [name, after] = text(fromBase64Url(cursor) ?? new Uint8Array(0)).split(' ')
  if (name !== list || after === undefined || !/^[\w.:-]{1,200}$/.test(after)) {
    throw new ProblemError('invalid_cursor', 'Pass the `next` of this list as it was given, or no cursor.')
  }
  return { after, limit }
}

/** Answers a page of `limit` from what was asked of the store with `limit + 1`. */
export function answerPage<Row extends { id: string }>(
  list: string,
  { rows, limit, present }: { rows: Row[]; limit: number; present: (row: Row) => unknown },
): Answer {
  const shown = rows.slice(0, limit)
  const next = rows.length > limit ? shown.at(-1)?.id : undefined
  return answerScan(list, { rows: shown, next }, present)
}

/** Answers a page of a log; one may be short, even empty, and still have a `next`. */
export function answerScan<Row>(
  list: string,
  { rows, next }: Scanned<Row>,
  present: (row: Row) => unknown,
): Answer {
  const cursor = next === undefined ? null : toBase64Url(utf8(`${list} ${next}`))
  return { status: 200, body: { data: rows.map(present), next: cursor } }
}
