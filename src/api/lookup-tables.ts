import { z } from 'zod'
import { deleteLookupTable, getLookupTable, listLookupTables, putLookupTable } from '../db/lookup-tables.ts'
import { isoTime } from '../model/clock.ts'
import { etagOf, notFound, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid } from './parse.ts'

/** A row of D1 holds 2 MB, and a transformation reads a whole table. */
const TABLE_CHARS_MAX = 500_000

const entriesSchema = z.object({ entries: z.record(z.string().max(500), z.unknown()) })
const shownSchema = entriesSchema.extend({ name: z.string(), updatedAt: z.iso.datetime() })

const LIST = 'lookup-tables'

export function lookupTableOperations({ db }: ApiDeps): Operation[] {
  const path = '/lookup-tables/:id'
  const access = 'subscriptions'
  const show = (table: { name: string; entries: Record<string, unknown>; updatedAt: number }) => ({
    ...table,
    updatedAt: isoTime(table.updatedAt),
  })
  return [
    operation({
      method: 'GET',
      path: '/lookup-tables',
      summary: 'List the tables that transformations look things up in',
      access,
      query: pageQuery,
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const tables = await listLookupTables(db, tenantId, { after, limit: limit + 1 })
        const rows = tables.map((table) => ({ id: table.name, table }))
        return answerPage(LIST, { rows, limit, present: ({ table }) => show(table) })
      },
    }),
    operation({
      method: 'GET',
      path,
      summary: 'Read a lookup table by its name',
      access,
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, uid: name }) {
        const table = await getLookupTable(db, tenantId, name)
        if (!table) throw notFound()
        return { status: 200, body: show(table), headers: { etag: etagOf({ version: table.updatedAt }) } }
      },
    }),
    operation({
      method: 'PUT',
      path,
      summary: 'Make the lookup table what is given; transformations see it within ten seconds',
      access,
      body: entriesSchema,
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, uid: name, body: { entries }, ifMatch, now }) {
        if (JSON.stringify(entries).length > TABLE_CHARS_MAX) {
          throw invalid([
            { path: 'entries', message: `is longer than ${TABLE_CHARS_MAX} characters of JSON` },
          ])
        }
        const found = ifMatch === undefined ? undefined : await getLookupTable(db, tenantId, name)
        requireMatch(ifMatch, found && { version: found.updatedAt })
        const table = { name, entries, updatedAt: now }
        await putLookupTable(db, tenantId, table)
        return { status: 200, body: show(table), headers: { etag: etagOf({ version: now }) } }
      },
    }),
    operation({
      method: 'DELETE',
      path,
      summary: 'Delete a lookup table: lookups in it find nothing',
      access,
      answers: { status: 204 },
      async run({ tenantId, uid: name }) {
        if (!(await deleteLookupTable(db, tenantId, name))) throw notFound()
        return { status: 204 }
      },
    }),
  ]
}
