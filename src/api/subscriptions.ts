import type { z } from 'zod'
import { getEndpoint } from '../db/endpoints.ts'
import { missingSources } from '../db/sources.ts'
import {
  deleteSubscription,
  getSubscription,
  insertSubscription,
  listSubscriptions,
  updateSubscription,
  type SubscriptionRecord,
} from '../db/subscriptions.ts'
import { idSchema, newId, type SourceId, type TenantId } from '../model/id.ts'
import { subscriptionSettingsSchema } from '../model/subscription.ts'
import { amend, etagOf, notFound, replaced, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { fixed, namedFields, presentTimes, shownFields, uidTaken } from './fields.ts'
import { changes, operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid, parse } from './parse.ts'

const creationSchema = subscriptionSettingsSchema.extend({ ...namedFields, endpointId: idSchema('ep') })
const changeSchema = subscriptionSettingsSchema.extend({ name: namedFields.name })
const shownSchema = subscriptionSettingsSchema.extend({
  id: idSchema('sub'),
  endpointId: idSchema('ep'),
  ...shownFields,
})

const LIST = 'subscriptions'

export function subscriptionOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/subscriptions',
      summary: 'Subscribe an endpoint to event types and sources',
      access: 'subscriptions',
      body: creationSchema,
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
        state: subscriptionSettingsSchema.shape.state.unwrap().optional(),
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listSubscriptions(deps.db, tenantId, {
          after,
          limit: limit + 1,
          where: { endpointId: query.endpointId, state: query.state },
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
            return { ...current, name: name ?? current.name, settings, updatedAt: now }
          },
          save: (next) => updateSubscription(deps.db, next),
        })
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
  const missing = await missingSources(db, tenantId, sourceIds)
  if (missing.length === 0) return
  throw invalid(
    missing.map((id) => ({
      path: `sourceIds.${sourceIds.findIndex((each) => each === id)}`,
      message: 'is no source of this tenant',
    })),
  )
}

type Creation = Call<never, undefined, z.output<typeof creationSchema>>

async function create({ db }: ApiDeps, { tenantId, body, now }: Creation): Promise<Answer> {
  const { name, uid = null, endpointId, ...settings } = body
  const endpoint = await getEndpoint(db, { tenantId, id: endpointId })
  if (!endpoint) throw invalid([{ path: 'endpointId', message: 'is no endpoint of this tenant' }])
  await requireSources(db, tenantId, settings.sourceIds)
  const record: SubscriptionRecord = {
    id: newId('sub', now),
    tenantId,
    uid,
    name: name ?? endpoint.name,
    endpointId,
    settings,
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
  const changed = await amend({
    ifMatch,
    load: () => getSubscription(db, { tenantId, uid }),
    change: (current) => replaced(current, { name, settings }, now),
    save: (next) => updateSubscription(db, next),
  })
  return { status: 200, body: show(changed), headers: { etag: etagOf(changed) } }
}

function show(record: SubscriptionRecord) {
  return {
    id: record.id,
    endpointId: record.endpointId,
    name: record.name,
    uid: record.uid,
    ...record.settings,
    ...presentTimes(record),
  }
}
