import { z } from 'zod'
import { getEndpoint } from '../db/endpoints.ts'
import { missingIds } from '../db/config-rows.ts'
import {
  deleteSubscription,
  getSubscription,
  insertSubscription,
  listSubscriptions,
  listVersions,
  updateSubscription,
  type SubscriptionRecord,
} from '../db/subscriptions.ts'
import { isoTime } from '../model/clock.ts'
import { idSchema, newId, type SourceId, type TenantId } from '../model/id.ts'
import { maskPlaces, subscriptionPlaces, takeSecrets } from '../model/sealed-settings.ts'
import { subscriptionSettingsSchema, type Fault, type SubscriptionSettings } from '../model/subscription.ts'
import { amend, etagOf, notFound, replaced, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { fixed, namedFields, presentTimes, shownFields, uidTaken } from './fields.ts'
import { changes, operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, nameQuery, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid, parse } from './parse.ts'

const creationSchema = subscriptionSettingsSchema.extend({ ...namedFields, endpointId: idSchema('ep') })
const changeSchema = subscriptionSettingsSchema.extend({ name: namedFields.name })
const shownSchema = subscriptionSettingsSchema.extend({
  id: idSchema('sub'),
  endpointId: idSchema('ep'),
  /** `faulty`: its rule failed, and its events are held until it is changed. */
  state: z.enum(['active', 'paused', 'faulty']),
  fault: z
    .object({
      error: z.string(),
      eventId: idSchema('evt').nullable(),
      at: z.iso.datetime(),
      /** What was held is on its way, and new events wait behind it. */
      releasing: z.boolean(),
    })
    .nullable(),
  version: z.int(),
  ...shownFields,
})

const versionSchema = z.object({
  version: z.int(),
  settings: subscriptionSettingsSchema,
  createdAt: z.iso.datetime(),
})

const LIST = 'subscriptions'
const VERSIONS = 'subscription-versions'

export function subscriptionOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/subscriptions',
      summary: 'Subscribe an endpoint to event types and sources',
      access: 'subscriptions',
      body: creationSchema,
      problems: ['conflict'],
      answers: { status: 201, schema: shownSchema },
      run: async (call) => create(deps, call),
    }),
    operation({
      method: 'GET',
      path: '/subscriptions',
      summary: 'List subscriptions',
      access: 'subscriptions',
      query: pageQuery.extend({
        endpointId: idSchema('ep').optional(),
        sourceId: idSchema('src').optional().meta({
          description: 'Those that name it; one that names none takes events of every source.',
        }),
        text: nameQuery,
        state: subscriptionSettingsSchema.shape.state.unwrap().optional(),
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listSubscriptions(deps.db, tenantId, {
          after,
          limit: limit + 1,
          where: {
            endpointId: query.endpointId,
            sourceId: query.sourceId,
            state: query.state,
            text: query.text,
          },
        })
        return answerPage(LIST, { rows, limit, present: show })
      },
    }),
    operation({
      method: 'GET',
      path: '/subscriptions/:id',
      summary: 'Read a subscription',
      access: 'subscriptions',
      idPrefix: 'sub',
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id }) {
        const record = await getSubscription(deps.db, { tenantId, id })
        if (!record) throw notFound()
        return { status: 200, body: show(record), headers: { etag: etagOf(record) } }
      },
    }),
    operation({
      method: 'GET',
      path: '/subscriptions/:id/versions',
      summary: 'List what the subscription was before each change, newest first; a PATCH puts a rule back',
      access: 'subscriptions',
      idPrefix: 'sub',
      query: pageQuery,
      answers: { status: 200, schema: pageSchema(versionSchema) },
      async run({ tenantId, id, query }) {
        const { after, limit } = pageOf(VERSIONS, query)
        const before = after === undefined ? undefined : Number(after)
        const rows = await listVersions(deps.db, { tenantId, id }, { before, limit: limit + 1 })
        if (rows.length === 0 && !(await getSubscription(deps.db, { tenantId, id }))) throw notFound()
        const listed = rows.map((row) => ({ ...row, id: String(row.version) }))
        return answerPage(VERSIONS, { rows: listed, limit, present: showVersion })
      },
    }),
    operation({
      method: 'PUT',
      path: '/subscriptions/:id',
      summary: 'Create the subscription with this uid, or make it what is given, defaults included',
      access: 'subscriptions',
      body: creationSchema.omit({ uid: true }),
      answers: { status: 200, orStatus: 201, schema: shownSchema },
      run: async (call) => put(deps, call),
    }),
    operation({
      method: 'PATCH',
      path: '/subscriptions/:id',
      summary: 'Change a subscription: each given setting replaces the one there was',
      access: 'subscriptions',
      idPrefix: 'sub',
      body: changes,
      documentedBody: changeSchema.partial(),
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id, body, ifMatch, now }) {
        const changed = await amend({
          ifMatch,
          load: () => getSubscription(deps.db, { tenantId, id }),
          async change(current) {
            const { name, ...settings } = parse(changeSchema, { ...current.settings, ...body }, 'body')
            if (body['sourceIds'] !== undefined) await requireSources(deps.db, tenantId, settings.sourceIds)
            await requireRules(deps, tenantId, settings)
            return {
              ...current,
              name: name ?? current.name,
              ...(await seal(deps, settings, current)),
              updatedAt: now,
              fault: releasing(current),
            }
          },
          save: (next) => updateSubscription(deps.db, next),
        })
        await afterChange(deps, changed)
        return { status: 200, body: show(changed), headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'DELETE',
      path: '/subscriptions/:id',
      summary: 'Delete a subscription; what was already handed to its endpoint is still delivered',
      access: 'subscriptions',
      idPrefix: 'sub',
      answers: { status: 204 },
      async run({ tenantId, id }) {
        if (!(await deleteSubscription(deps.db, tenantId, id))) throw notFound()
        return { status: 204 }
      },
    }),
  ]
}

/** Throws `invalid_request` when one of the ids is no source of the tenant. */
export async function requireSources(
  db: D1Database,
  tenantId: TenantId,
  sourceIds: readonly SourceId[],
): Promise<void> {
  const missing = await missingIds(db, 'sources', { tenantId, ids: sourceIds })
  if (missing.length === 0) return
  throw invalid(
    missing.map((id) => ({
      path: `sourceIds.${sourceIds.findIndex((each) => each === id)}`,
      message: 'is no source of this tenant',
    })),
  )
}

/** Throws `invalid_request` with the place of what is wrong with the rules, or names no endpoint of the tenant. */
async function requireRules(
  { db, rules }: ApiDeps,
  tenantId: TenantId,
  settings: SubscriptionSettings,
): Promise<void> {
  const faults = rules.faultsOf(settings)
  if (faults.length > 0) throw invalid(faults)
  const { failoverEndpointId, balance } = settings
  const named = (balance?.endpoints ?? []).map(({ endpointId }, index) => ({
    endpointId,
    path: `balance.endpoints.${index}.endpointId`,
  }))
  if (failoverEndpointId !== null) named.push({ endpointId: failoverEndpointId, path: 'failoverEndpointId' })
  const ids = named.map(({ endpointId }) => endpointId)
  const missing = await missingIds(db, 'endpoints', { tenantId, ids })
  const wrong = named.filter(({ endpointId }) => missing.includes(endpointId))
  if (wrong.length > 0) {
    throw invalid(wrong.map(({ path }) => ({ path, message: 'is no endpoint of this tenant' })))
  }
}

/** Whatever was changed, a faulty subscription is tried again: first with what it holds. */
function releasing({ fault }: SubscriptionRecord): Fault | null {
  return fault ? { ...fault, isReleasing: true } : null
}

async function afterChange(
  deps: ApiDeps,
  { tenantId, id, fault, settings }: SubscriptionRecord,
): Promise<void> {
  if (fault && settings.state === 'active') await deps.subscriptionFixed({ tenantId, subscriptionId: id })
}

type Creation = Call<never, undefined, z.output<typeof creationSchema>>

async function create(deps: ApiDeps, { tenantId, body, now }: Creation): Promise<Answer> {
  const { db } = deps
  const { name, uid = null, endpointId, ...settings } = body
  const endpoint = await getEndpoint(db, { tenantId, id: endpointId })
  if (!endpoint) throw invalid([{ path: 'endpointId', message: 'is no endpoint of this tenant' }])
  await requireSources(db, tenantId, settings.sourceIds)
  await requireRules(deps, tenantId, settings)
  const id = newId('sub', now)
  const record: SubscriptionRecord = {
    id,
    tenantId,
    uid,
    name: name ?? endpoint.name,
    endpointId,
    ...(await seal(deps, settings, { id })),
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
  if (!(await insertSubscription(db, record))) throw uidTaken()
  return {
    status: 201,
    body: show(record),
    headers: { location: `/v1/subscriptions/${record.id}`, etag: etagOf(record) },
  }
}

async function put(deps: ApiDeps, call: Creation): Promise<Answer> {
  const { tenantId, uid, body, ifMatch, now } = call
  const { db } = deps
  const found = await getSubscription(db, { tenantId, uid })
  requireMatch(ifMatch, found)
  if (!found) return create(deps, { ...call, body: { ...body, uid } })
  const { name = found.name, endpointId, ...settings } = body
  if (endpointId !== found.endpointId) throw fixed('endpointId')
  await requireSources(db, tenantId, settings.sourceIds)
  await requireRules(deps, tenantId, settings)
  const changed = await amend({
    ifMatch,
    load: () => getSubscription(db, { tenantId, uid }),
    async change(current) {
      const next = replaced(current, { name, ...(await seal(deps, settings, current)) }, now)
      return next === current ? current : { ...next, fault: releasing(current) }
    },
    save: (next) => updateSubscription(db, next),
  })
  await afterChange(deps, changed)
  return { status: 200, body: show(changed), headers: { etag: etagOf(changed) } }
}

async function seal(
  { sealer }: ApiDeps,
  settings: SubscriptionSettings,
  { id, sealed }: Pick<SubscriptionRecord, 'id' | 'sealed'>,
): Promise<Pick<SubscriptionRecord, 'settings' | 'sealed'>> {
  const taken = await takeSecrets(settings, subscriptionPlaces, { known: sealed, id, sealer })
  if (!taken.ok) throw invalid(taken.error)
  return taken.value
}

function show(record: SubscriptionRecord) {
  return {
    id: record.id,
    endpointId: record.endpointId,
    name: record.name,
    uid: record.uid,
    ...maskPlaces(record.settings, subscriptionPlaces),
    state: record.fault && record.settings.state === 'active' ? 'faulty' : record.settings.state,
    fault: record.fault ? showFault(record.fault) : null,
    version: record.version,
    ...presentTimes(record),
  }
}

function showFault({ error, eventId, at, isReleasing = false }: Fault) {
  return { error, eventId, at: isoTime(at), releasing: isReleasing }
}

function showVersion({ version, settings, createdAt }: Awaited<ReturnType<typeof listVersions>>[number]) {
  return { version, settings: maskPlaces(settings, subscriptionPlaces), createdAt: isoTime(createdAt) }
}
