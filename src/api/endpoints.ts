import { z } from 'zod'
import {
  deleteEndpoint,
  getEndpoint,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
  type EndpointRecord,
} from '../db/endpoints.ts'
import type { SubscriptionRecord } from '../db/subscriptions.ts'
import { endpointSettingsSchema, type EndpointSettings } from '../model/endpoint.ts'
import { idSchema, newId, type EndpointId, type TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { liveSecrets } from '../model/seal.ts'
import { subscriptionSettingsSchema } from '../model/subscription.ts'
import { sampleUrl } from '../model/url-template.ts'
import { amend, etagOf, notFound, replaced, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import {
  divided,
  endpointSecretSchema,
  newSecrets,
  putShared,
  requireSecretsAgain,
  requireSecretFits,
  rotateAll,
  sealSettings,
  targetsOf,
  withKeyPair,
} from './endpoint-secrets.ts'
import { namedFields, presentTimes, shownFields, uidTaken } from './fields.ts'
import { changes, operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, nameQuery, pageOf, pageQuery, pageSchema } from './page.ts'
import { parse } from './parse.ts'
import { named, type References } from './references.ts'
import { requireRoom } from './quota.ts'
import { generateSecret, gracePeriodSchema } from './secrets.ts'
import { publicKeysOf } from './signing-keys.ts'
import { requireSources } from './subscriptions.ts'

const { sourceIds, eventTypes } = subscriptionSettingsSchema.shape

const creationSchema = endpointSettingsSchema.extend({
  ...namedFields,
  secret: endpointSecretSchema.optional(),
  /** Either of these makes a subscription in the same call. */
  eventTypes: eventTypes.unwrap().optional(),
  sourceIds: sourceIds.unwrap().optional(),
})
const changeSchema = endpointSettingsSchema.extend({ name: namedFields.name })
const rotationSchema = z.object({
  secret: endpointSecretSchema.optional(),
  gracePeriodSeconds: gracePeriodSchema,
})
const shownSchema = endpointSettingsSchema.extend({
  id: idSchema('ep'),
  secretCount: z.int(),
  /** Of the key pairs that sign now, newest first: `whpk_` and base64. */
  publicKeys: z.array(z.string()),
  ...shownFields,
})
const shownOnceSchema = shownSchema.extend({
  /** The signing secret, only this once. */
  secret: z.string(),
  subscriptionId: idSchema('sub').optional(),
})

const LIST = 'endpoints'

export function endpointOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/endpoints',
      summary: 'Create an endpoint, and its first subscription if `eventTypes` or `sourceIds` are given',
      access: 'endpoints',
      body: creationSchema,
      problems: ['conflict', 'quota_exceeded', 'target_refused'],
      answers: { status: 201, schema: shownOnceSchema },
      run: async (call) => create(deps, call),
    }),
    operation({
      method: 'GET',
      path: '/endpoints',
      summary: 'List endpoints',
      access: 'endpoints',
      query: pageQuery.extend({
        state: endpointSettingsSchema.shape.state.unwrap().optional(),
        text: nameQuery,
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query, now }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listEndpoints(deps.db, tenantId, {
          after,
          limit: limit + 1,
          where: { state: query.state, text: query.text },
        })
        return answerPage(LIST, { rows, limit, present: (row) => show(row, now) })
      },
    }),
    operation({
      method: 'GET',
      path: '/endpoints/:id',
      summary: 'Read an endpoint',
      access: 'endpoints',
      idPrefix: 'ep',
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id, now }) {
        const record = await getEndpoint(deps.db, { tenantId, id })
        if (!record) throw notFound()
        return { status: 200, body: show(record, now), headers: { etag: etagOf(record) } }
      },
    }),
    operation({
      method: 'PUT',
      path: '/endpoints/:id',
      summary: 'Create the endpoint with this uid, or make it what is given, defaults included',
      access: 'endpoints',
      body: creationSchema.omit({ uid: true, eventTypes: true, sourceIds: true }),
      problems: ['quota_exceeded', 'target_refused', 'secret_required'],
      answers: { status: 200, orStatus: 201, schema: shownOnceSchema.partial({ secret: true }) },
      run: async (call) => put(deps, call),
    }),
    ...changingOperations(deps),
  ]
}

function changingOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'PATCH',
      path: '/endpoints/:id',
      summary:
        'Change an endpoint: each given setting replaces the one there was. `state` pauses and resumes',
      access: 'endpoints',
      idPrefix: 'ep',
      body: changes,
      documentedBody: changeSchema.partial(),
      problems: ['target_refused', 'secret_required'],
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id, body, ifMatch, now }) {
        const changed = await amendEndpoint(deps, { tenantId, id, ifMatch }, async (current) => {
          const { name, ...settings } = parse(changeSchema, { ...current.settings, ...body }, 'body')
          const changed = await changedSettings(deps, current, { given: settings })
          return { ...current, ...changed, name: name ?? current.name, updatedAt: now }
        })
        return { status: 200, body: show(changed, now), headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'POST',
      path: '/endpoints/:id/secrets',
      summary: 'Rotate the signing secret and key pair; those before sign beside them for the grace period',
      access: 'endpoints',
      idPrefix: 'ep',
      body: rotationSchema,
      problems: ['conflict', 'precondition_failed'],
      answers: { status: 200, schema: shownOnceSchema },
      async run({ tenantId, id, body, ifMatch, now }) {
        const { secret = generateSecret(), gracePeriodSeconds } = body
        const how = { secret, id, sealer: deps.sealer, now, gracePeriodSeconds }
        const changed = await amendEndpoint(deps, { tenantId, id, ifMatch }, async (current) => {
          const { signing } = current.settings
          requireSecretFits(secret, signing)
          const secrets = await rotateAll(current.secrets, { ...how, signing })
          return { ...current, secrets, updatedAt: now }
        })
        return { status: 200, body: { ...show(changed, now), secret }, headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'DELETE',
      path: '/endpoints/:id',
      summary: 'Delete an endpoint with its subscriptions; what it still holds is cancelled',
      access: 'endpoints',
      idPrefix: 'ep',
      answers: { status: 204 },
      async run({ tenantId, id }) {
        const record = await getEndpoint(deps.db, { tenantId, id })
        if (!record || !(await deleteEndpoint(deps.db, tenantId, id))) throw notFound()
        await deps.endpointRemoved(record)
        return { status: 204 }
      },
    }),
  ]
}

type Creation = Call<never, undefined, z.output<typeof creationSchema>>

async function create(deps: ApiDeps, { tenantId, body, references, now }: Creation): Promise<Answer> {
  const { name, uid = null, secret = generateSecret(), eventTypes, sourceIds, ...given } = body
  await requireTargets(deps, given)
  requireSecretFits(secret, given.signing)
  await requireSources(deps.db, tenantId, sourceIds ?? [])
  await requireRoom(deps, tenantId, 'endpoints')
  const id = newId('ep', now)
  const owner = { id, sealer: deps.sealer, now }
  const times = { createdAt: now, updatedAt: now }
  const record: EndpointRecord = {
    id,
    tenantId,
    uid,
    name: name ?? nameOf(given),
    ...(await sealSettings(given, { ...owner, known: {}, references })),
    secrets: named(await newSecrets(secret, given.signing, owner), [references?.['secret']]),
    version: 1,
    ...times,
  }
  const wantsSubscription = eventTypes !== undefined || sourceIds !== undefined
  const subscription: SubscriptionRecord | undefined = wantsSubscription
    ? {
        id: newId('sub', now),
        tenantId,
        uid: null,
        name: record.name,
        endpointId: id,
        settings: subscriptionSettingsSchema.parse({ sourceIds, eventTypes }),
        version: 1,
        ...times,
      }
    : undefined
  if (!(await insertEndpoint(deps.db, record, subscription))) throw uidTaken()
  const shownOnce = { ...show(record, now), secret }
  return {
    status: 201,
    body: subscription ? { ...shownOnce, subscriptionId: subscription.id } : shownOnce,
    headers: { location: `/v1/endpoints/${id}`, etag: etagOf(record) },
  }
}

async function put(
  deps: ApiDeps,
  call: Call<never, undefined, Omit<Creation['body'], 'uid' | 'eventTypes' | 'sourceIds'>>,
): Promise<Answer> {
  const { tenantId, uid, body, references, ifMatch, now } = call
  const found = await getEndpoint(deps.db, { tenantId, uid })
  requireMatch(ifMatch, found)
  if (!found) return create(deps, { ...call, body: { ...body, uid } })
  const { id } = found
  const { name = found.name, secret, ...settings } = body
  const changed = await amendEndpoint(deps, { tenantId, id, ifMatch }, async (current) => {
    if (secret !== undefined) requireSecretFits(secret, settings.signing)
    const put = await putShared(current.secrets, secret, { id, sealer: deps.sealer })
    const secrets = secret === undefined ? put : named(put, [references?.['secret']])
    const asked = { given: settings, references }
    return replaced(current, { name, ...(await changedSettings(deps, { ...current, secrets }, asked)) }, now)
  })
  return { status: 200, body: show(changed, now), headers: { etag: etagOf(changed) } }
}

/** What a change of settings means for all that is stored: a new target is checked, a scheme gets the keys it needs. */
export async function changedSettings(
  deps: ApiDeps,
  current: EndpointRecord,
  { given, references }: { given: EndpointSettings; references?: References | undefined },
): Promise<Pick<EndpointRecord, 'settings' | 'sealed' | 'references' | 'secrets'>> {
  const { id, settings: before, secrets } = current
  await requireTargets(deps, given, before)
  requireSecretsAgain(given, before)
  const owner = { id, sealer: deps.sealer }
  return {
    ...(await sealSettings(given, { ...owner, known: current, references })),
    secrets: await withKeyPair(secrets, given.signing, owner),
  }
}

async function requireTargets(
  { checkTarget }: ApiDeps,
  given: EndpointSettings,
  before?: EndpointSettings,
): Promise<void> {
  const known = before ? targetsOf(before) : {}
  for (const [path, url] of Object.entries(targetsOf(given))) {
    const checked = known[path] === url ? { ok: true as const } : await checkTarget(url)
    if (checked.ok) continue
    const { reason, detail } = checked.error
    throw new ProblemError('target_refused', detail, { errors: [{ path, message: reason }] })
  }
}

function nameOf({ url }: EndpointSettings): string {
  return url === '' ? 'pull' : new URL(sampleUrl(url)).hostname
}

export async function amendEndpoint(
  { db, endpointChanged }: ApiDeps,
  { tenantId, id, ifMatch }: { tenantId: TenantId; id: EndpointId; ifMatch: string | undefined },
  change: (current: EndpointRecord) => Promise<EndpointRecord>,
): Promise<EndpointRecord> {
  const load = () => getEndpoint(db, { tenantId, id })
  const changed = await amend({ ifMatch, load, change, save: (next) => updateEndpoint(db, next) })
  await endpointChanged(changed)
  return changed
}

function show(record: EndpointRecord, now: number) {
  return {
    id: record.id,
    name: record.name,
    uid: record.uid,
    ...record.settings,
    secretCount: liveSecrets(divided(record.secrets).shared, now).length,
    publicKeys: publicKeysOf(record.secrets, now),
    ...presentTimes(record),
  }
}
