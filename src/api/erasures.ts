import { z } from 'zod'
import { getErasure, insertErasure, listErasures } from '../db/erasures.ts'
import { sha256, toHex, utf8 } from '../model/bytes.ts'
import { isoTime } from '../model/clock.ts'
import {
  erasureCountsSchema,
  erasureStateSchema,
  kindOfSubject,
  type Erasure,
  type ErasureCounts,
} from '../model/erasure.ts'
import { idSchema, newId, timeOfId } from '../model/id.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid } from './parse.ts'
import { isSubject, SUBJECT_HINT, subjectSchema } from './subject-search.ts'

const shownSchema = z.object({
  id: idSchema('era'),
  state: erasureStateSchema,
  /** A token’s id, or `root`. */
  requestedBy: z.string(),
  /** By what the events were found. */
  kind: z.enum(['eventIds', 'orderingKey', 'entity', 'value']),
  /** SHA-256 of the erasure’s id, a space, and the subject as it was given, as JSON. */
  subjectHash: z.string(),
  counts: erasureCountsSchema,
  /** SHA-256 of the ids of the events, of the first thousand. */
  eventHashes: z.array(z.string()),
  /** Over the ids of all events in order: SHA-256 of the digest before, a space, and the id. */
  digest: z.string(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  error: z.string().nullable(),
})

const LIST = 'erasures'
const NONE: ErasureCounts = {
  events: 0,
  segments: 0,
  bodies: 0,
  deliveries: 0,
  journalRows: 0,
  cancelled: 0,
  rejections: 0,
}

export function erasureOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/erasures',
      summary:
        'Erase what is held of events, by id or by key; what waits of them is cancelled. The erasure stays as proof',
      access: 'erasures',
      body: subjectSchema,
      answers: { status: 202, schema: shownSchema },
      run: async (call) => create(deps, call),
    }),
    operation({
      method: 'GET',
      path: '/erasures',
      summary: 'List erasures, newest first',
      access: 'erasures',
      query: pageQuery,
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listErasures(deps.logDb, tenantId, { after, limit: limit + 1 })
        return answerPage(LIST, { rows, limit, present: show })
      },
    }),
    operation({
      method: 'GET',
      path: '/erasures/:id',
      summary: 'Read an erasure: how far it has come, and what it erased',
      access: 'erasures',
      idPrefix: 'era',
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id }) {
        const erasure = await getErasure(deps.logDb, tenantId, id)
        if (!erasure) throw notFound()
        return { status: 200, body: show(erasure) }
      },
    }),
  ]
}

type Creation = Call<never, undefined, z.output<typeof subjectSchema>>

async function create(deps: ApiDeps, { tenantId, actor, body, now }: Creation): Promise<Answer> {
  const kind = kindOfSubject(body)
  if (kind === undefined || !isSubject(body)) throw invalid([{ path: '', message: SUBJECT_HINT }])
  const id = newId('era', now)
  const subject = JSON.stringify(body)
  const erasure: Erasure = {
    id,
    tenantId,
    state: 'running',
    report: {
      by: actor,
      kind,
      subjectHash: toHex(await sha256(utf8(`${id} ${subject}`))),
      counts: NONE,
      eventHashes: [],
      digest: '',
      endedAt: null,
      error: null,
      pass: 0,
      cursor: null,
    },
    // Names and addresses of people stand in it.
    subject: await deps.sealer.seal(subject, id),
    leasedUntil: 0,
  }
  await insertErasure(deps.logDb, erasure)
  await deps.erasureCreated(id)
  const begun = await getErasure(deps.logDb, tenantId, id)
  return { status: 202, body: show(begun ?? erasure), headers: { location: `/v1/erasures/${id}` } }
}

function show({ id, state, report }: Erasure) {
  const { by, kind, subjectHash, counts, eventHashes, digest, endedAt, error } = report
  const times = { createdAt: isoTime(timeOfId(id)), endedAt: endedAt === null ? null : isoTime(endedAt) }
  return { id, state, requestedBy: by, kind, subjectHash, counts, eventHashes, digest, ...times, error }
}
