import { z } from 'zod'
import { getEndpoint } from '../db/endpoints.ts'
import { countForReplay, selectForReplay, type Counted, type Selected } from '../db/replay-selection.ts'
import { abortReplay, countOpenReplays, getReplay, insertReplay, listReplays } from '../db/replays.ts'
import { isoTime } from '../model/clock.ts'
import { idSchema, newId, timeOfId, type EndpointId, type TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { replayStateSchema, selectsDeliveries, type Replay, type ReplayQuery } from '../model/replay.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema, timeQuery } from './page.ts'
import { invalid } from './parse.ts'

const EVENT_IDS_MAX = 100
const SAMPLE_ROWS = 10
/** Each is a job that takes its turn with the others. */
const OPEN_MAX = 20
const RATE_MAX = 10_000

const statusSchema = z.enum(['dead', 'delivered', 'cancelled'])
const querySchema = z.object({
  endpointId: idSchema('ep').optional().meta({ description: 'Deliveries to it, instead of events.' }),
  eventId: idSchema('evt').optional(),
  eventIds: z.array(idSchema('evt')).min(1).max(EVENT_IDS_MAX).optional(),
  eventType: z.string().max(200).optional(),
  sourceId: idSchema('src').optional(),
  status: statusSchema.optional().meta({ description: 'Deliveries with this status, instead of events.' }),
  from: timeQuery.optional().meta({ description: 'Received at or after. Required without event ids.' }),
  to: timeQuery
    .optional()
    .meta({ description: 'Received before. At most the present, which is the default.' }),
})
const creationSchema = z.object({
  query: querySchema,
  endpointId: idSchema('ep').optional().meta({
    description:
      'Where to, wanted or not. Without it events go to every endpoint that wants them now, deliveries to their own.',
  }),
  ratePerSecond: z.int().min(1).max(RATE_MAX).optional(),
  dryRun: z.boolean().default(false).meta({ description: 'Only say what would be replayed.' }),
})
const shownQuerySchema = z.object({
  endpointId: idSchema('ep').optional(),
  eventIds: z.array(idSchema('evt')).optional(),
  eventType: z.string().optional(),
  sourceId: idSchema('src').optional(),
  status: statusSchema.optional(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
})
const shownSchema = z.object({
  id: idSchema('rpl'),
  query: shownQuerySchema,
  endpointId: idSchema('ep').nullable(),
  ratePerSecond: z.int().nullable(),
  state: replayStateSchema,
  /** Deliveries that are to be made: an estimate until it is done. */
  matched: z.int(),
  /** Handed to their endpoints, where they are made after live ones. */
  done: z.int(),
  /** Of which the payload or the endpoint is gone. */
  failed: z.int(),
  error: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
const planSchema = z.object({
  query: shownQuerySchema,
  /** Deliveries that would be made; filters may make it less. */
  matched: z.int(),
  /** False: there is more than was counted. */
  complete: z.boolean(),
  endpoints: z.array(z.object({ endpointId: idSchema('ep'), count: z.int() })),
  /** The first that would be replayed. */
  sample: z.array(
    z.object({
      eventId: idSchema('evt'),
      eventType: z.string(),
      receivedAt: z.iso.datetime(),
      deliveryId: idSchema('dlv').nullable(),
      endpointId: idSchema('ep').nullable(),
      status: statusSchema.nullable(),
    }),
  ),
})

const LIST = 'replays'

export function replayOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/replays',
      summary: 'Replay stored events or ended deliveries, after live traffic; or plan it with `dryRun`',
      access: 'replays',
      body: creationSchema,
      problems: ['conflict'],
      answers: { status: 202, orStatus: 200, schema: z.union([shownSchema, planSchema]) },
      run: async (call) => create(deps, call),
    }),
    operation({
      method: 'GET',
      path: '/replays',
      summary: 'List replays',
      access: 'replays',
      query: pageQuery.extend({
        state: replayStateSchema.optional(),
        endpointId: idSchema('ep').optional().meta({ description: 'Those that were made to it.' }),
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const where = { state: query.state, endpointId: query.endpointId }
        const rows = await listReplays(deps.db, tenantId, { after, limit: limit + 1, where })
        return answerPage(LIST, { rows, limit, present: show })
      },
    }),
    operation({
      method: 'GET',
      path: '/replays/:id',
      summary: 'Read a replay and how far it has come',
      access: 'replays',
      idPrefix: 'rpl',
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id }) {
        const replay = await getReplay(deps.db, tenantId, id)
        if (!replay) throw notFound()
        return { status: 200, body: show(replay) }
      },
    }),
    operation({
      method: 'DELETE',
      path: '/replays/:id',
      summary: 'Abort a replay; what it has handed to endpoints is still delivered',
      access: 'replays',
      idPrefix: 'rpl',
      problems: ['conflict'],
      answers: { status: 204 },
      async run({ tenantId, id, now }) {
        if (await abortReplay(deps.db, { tenantId, id, now })) return { status: 204 }
        const replay = await getReplay(deps.db, tenantId, id)
        if (!replay) throw notFound()
        if (replay.state === 'aborted') return { status: 204 }
        throw new ProblemError('conflict', 'The replay has ended.')
      },
    }),
  ]
}

type Creation = Call<never, undefined, z.output<typeof creationSchema>>

async function create(deps: ApiDeps, { tenantId, body, now }: Creation): Promise<Answer> {
  const { endpointId, ratePerSecond = null, dryRun } = body
  const query = queryOf(body.query, now)
  if (endpointId && !(await getEndpoint(deps.db, { tenantId, id: endpointId }))) {
    throw invalid([{ path: 'endpointId', message: 'is no endpoint of this tenant' }])
  }
  const counted = await count(deps, { tenantId, query, endpointId })
  const matched = counted.endpoints.reduce((sum, each) => sum + each.count, 0)
  if (dryRun) {
    const page = await selectForReplay(deps.logDb, { tenantId, query, after: null, limit: SAMPLE_ROWS })
    const { endpoints, isComplete: complete } = counted
    const sample = page.rows.map(sampleOf)
    return { status: 200, body: { query: showQuery(query), matched, complete, endpoints, sample } }
  }
  if ((await countOpenReplays(deps.db, tenantId)) >= OPEN_MAX) {
    throw new ProblemError('conflict', `At most ${OPEN_MAX} replays run at once. Wait for one or abort one.`)
  }
  const replay: Replay = {
    id: newId('rpl', now),
    tenantId,
    query,
    endpointId: endpointId ?? null,
    ratePerSecond,
    state: 'planned',
    matched,
    done: 0,
    failed: 0,
    error: null,
    cursor: null,
    leasedUntil: 0,
    createdAt: now,
    updatedAt: now,
  }
  await insertReplay(deps.db, replay)
  await deps.replayCreated(replay.id)
  return { status: 202, body: show(replay), headers: { location: `/v1/replays/${replay.id}` } }
}

/** What comes in after the replay was made is none of it, so that it ends. */
function queryOf(given: z.output<typeof querySchema>, now: number): ReplayQuery {
  const { eventId, eventIds = [], from, to = Infinity, ...rest } = given
  const ids = eventId === undefined ? eventIds : [eventId, ...eventIds]
  const start = from ?? (ids.length > 0 ? 0 : undefined)
  if (start === undefined) {
    throw invalid([{ path: 'query.from', message: 'is required when no event ids are given' }])
  }
  return {
    ...rest,
    ...(ids.length > 0 && { eventIds: [...new Set(ids)] }),
    from: start,
    // The last millisecond is included: an event may be replayed as soon as it is listed.
    to: Math.min(to, now + 1),
  }
}

interface Plan extends Pick<Counted, 'isComplete'> {
  endpoints: { endpointId: EndpointId; count: number }[]
}

async function count(
  deps: ApiDeps,
  {
    tenantId,
    query,
    endpointId,
  }: { tenantId: TenantId; query: ReplayQuery; endpointId: EndpointId | undefined },
): Promise<Plan> {
  const { groups, isComplete } = await countForReplay(deps.logDb, { tenantId, query })
  const counts = new Map<EndpointId, number>()
  const add = (id: EndpointId, more: number) => counts.set(id, (counts.get(id) ?? 0) + more)
  const isByEvent = !selectsDeliveries(query) && endpointId === undefined
  const heads = groups.map(({ type = '', sourceId = null }) => ({ type, sourceId }))
  const wanting = isByEvent ? await deps.endpointsWanting(tenantId, heads) : []
  for (const [at, group] of groups.entries()) {
    const its = isByEvent ? wanting[at] : [endpointId ?? group.endpointId]
    for (const id of its ?? []) if (id) add(id, group.count)
  }
  const endpoints = [...counts].map(([id, total]) => ({ endpointId: id, count: total }))
  return { endpoints: endpoints.toSorted((a, b) => b.count - a.count), isComplete }
}

function show(replay: Replay) {
  const { id, query, endpointId, ratePerSecond, state, matched, done, failed, error } = replay
  const times = { createdAt: isoTime(replay.createdAt), updatedAt: isoTime(replay.updatedAt) }
  const settings = { id, query: showQuery(query), endpointId, ratePerSecond }
  return { ...settings, state, matched, done, failed, error, ...times }
}

function showQuery({ from, to, ...query }: ReplayQuery) {
  return { ...query, from: isoTime(from), to: isoTime(to) }
}

function sampleOf({ eventId, eventType, delivery }: Selected) {
  const { id: deliveryId = null, endpointId = null, status = null } = delivery ?? {}
  return { eventId, eventType, receivedAt: isoTime(timeOfId(eventId)), deliveryId, endpointId, status }
}
