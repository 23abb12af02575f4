import { findSubject } from './api/subject-search.ts'
import { deliveriesToClear } from './db/clearing.ts'
import { getEndpoint, listEndpoints } from './db/endpoints.ts'
import { claimErasure, dueErasures, saveStep } from './db/erasures.ts'
import { listEvents } from './db/events.ts'
import { eraseFaults } from './db/faults.ts'
import { listRejections } from './db/rejections.ts'
import { settingsOf } from './env.ts'
import { LEASE_MS, stepErasure, type EraseDeps, type Found, type Pass } from './erase/step.ts'
import { sha256, toHex, utf8 } from './model/bytes.ts'
import { systemClock } from './model/clock.ts'
import type { EventRow } from './model/delivery-log.ts'
import { textOfSubject, type Erasure, type ErasureId, type Subject } from './model/erasure.ts'
import type { TenantId } from './model/id.ts'
import { objectNames } from './model/shard.ts'
import { endpointOf, intakeOf } from './objects.ts'

/** Steps within the call that makes an erasure: a person's few events are gone when it is answered. */
const STEPS_AT_ONCE = 5
/** Steps of one erasure in one run of the sweep, and erasures in one run. */
const STEPS_SWEPT = 20
const ERASURES_SWEPT = 10
const PAGE = 50
const ENDPOINTS_ASKED_MAX = 50
/** Calls to endpoint objects under way at once. */
const CONCURRENT_MAX = 16

/** A step that fails is no reason to refuse: the sweep goes on. */
export async function beginErasure(env: Env, id: ErasureId): Promise<void> {
  await takeSteps(env, id, STEPS_AT_ONCE).catch(() => undefined)
}

/** Goes on with what is not done: large ones, and those that wait for what was on its way. */
export async function sweepErasures(env: Env): Promise<void> {
  const now = systemClock.now()
  for (const id of await dueErasures(env.LOG_DB, { now, limit: ERASURES_SWEPT })) {
    await takeSteps(env, id, STEPS_SWEPT)
  }
}

async function takeSteps(env: Env, id: ErasureId, steps: number): Promise<void> {
  const deps = makeEraseDeps(env)
  let pauseMs: number | undefined = 0
  for (let step = 0; pauseMs === 0 && step < steps; step++) pauseMs = await stepErasure(id, deps)
}

function makeEraseDeps(env: Env): EraseDeps {
  const { sealer } = settingsOf(env)
  return {
    now: () => systemClock.now(),
    claim: (id, now) => claimErasure(env.LOG_DB, id, { now, until: now + LEASE_MS }),
    open: async ({ id, subject }) => JSON.parse(await sealer.open(subject, id)) as Subject,
    find: (erasure, subject, pass) => find(env, { erasure, subject, pass }),
    erase: ({ tenantId }, events) => erase(env, tenantId, events),
    save: (erasure, cleared) => saveStep(env.LOG_DB, erasure, cleared),
    hash: async (text) => toHex(await sha256(utf8(text))),
  }
}

async function find(
  env: Env,
  { erasure, subject, pass }: { erasure: Erasure; subject: Subject; pass: Pass },
): Promise<Found> {
  const { id, tenantId, report } = erasure
  const after = report.cursor ?? undefined
  const { from, to } = pass
  if (pass.look === 'rejections') {
    const text = textOfSubject(subject) ?? ''
    const filter = { anywhere: text, to }
    const { rows, next } = await listRejections(env.LOG_DB, {
      tenantId,
      filter,
      page: { after, limit: PAGE },
    })
    return { events: [], rejectionIds: rows.map((row) => row.id), next }
  }
  if (pass.look === 'erased') {
    const filter = { erasureId: id, from, to }
    const { rows, next } = await listEvents(env.LOG_DB, { tenantId, filter, page: { after, limit: PAGE } })
    return { events: rows, rejectionIds: [], next }
  }
  const { readBody } = settingsOf(env)
  const search = { tenantId, subject, from, to, after }
  const deps = {
    logDb: env.LOG_DB,
    readSegments: (intake: string, segments: number[]) => intakeOf(env, intake).readSegments(segments),
    readLargeBody: readBody,
  }
  const { rows, next } = await findSubject(deps, search)
  return { events: rows, rejectionIds: [], next }
}

/** Everything but the log. The event store first: from then on nothing can be delivered from it again. */
async function erase(env: Env, tenantId: TenantId, events: EventRow[]): ReturnType<EraseDeps['erase']> {
  const keys = new Set(events.flatMap(({ bodyKey }) => bodyKey ?? []))
  let segments = 0
  for (const [intake, rows] of Map.groupBy(events, ({ pointer }) => pointer.intake)) {
    if (intake === '') continue
    const erased = await intakeOf(env, intake).erase(rows.map(({ pointer }) => pointer))
    segments += erased.segments
    for (const key of erased.bodyKeys) keys.add(key)
  }
  const { count, ...told } = await deliveriesToClear(env.LOG_DB, tenantId, events)
  const journals = await eraseDeliveries(env, { tenantId, ...told, events })
  if (keys.size > 0) await env.BODIES.delete([...keys])
  await eraseFaults(
    env.DB,
    tenantId,
    events.map(({ id }) => id),
  )
  return { segments, bodies: keys.size, deliveries: count, ...journals }
}

type Told = Awaited<ReturnType<typeof deliveriesToClear>>

async function eraseDeliveries(
  env: Env,
  {
    tenantId,
    endpointIds,
    batchIds,
    events,
  }: Omit<Told, 'count'> & { tenantId: TenantId; events: EventRow[] },
): Promise<{ journalRows: number; cancelled: number }> {
  if (events.length === 0) return { journalRows: 0, cancelled: 0 }
  // So few are asked whatever the log says, which hears of a delivery some seconds after its endpoint has it.
  const few = await listEndpoints(env.DB, tenantId, { after: undefined, limit: ENDPOINTS_ASKED_MAX + 1 })
  const known = new Map(few.length > ENDPOINTS_ASKED_MAX ? [] : few.map((each) => [each.id, each]))
  const objects = [...known.values()].flatMap(objectNames)
  for (const id of endpointIds) {
    if (known.has(id)) continue
    const endpoint = await getEndpoint(env.DB, { tenantId, id })
    // One that was deleted forgets all by itself, but perhaps not yet.
    objects.push(...(endpoint ? objectNames(endpoint) : [id]))
  }
  const erased = events.map(({ id, pointer }) => ({ eventId: id, ...pointer }))
  const sum = { journalRows: 0, cancelled: 0 }
  for (let i = 0; i < objects.length; i += CONCURRENT_MAX) {
    const some = objects.slice(i, i + CONCURRENT_MAX)
    for (const done of await Promise.all(some.map((name) => endpointOf(env, name).erase(erased, batchIds)))) {
      sum.journalRows += done.journalRows
      sum.cancelled += done.cancelled
    }
  }
  return sum
}
