import { z } from 'zod'
import { listRegistrations } from '../db/registrations.ts'
import {
  deleteSource,
  getSource,
  insertSource,
  listSources,
  updateSource,
  type SourceRecord,
} from '../db/sources.ts'
import { idSchema, newId, type SourceId, type TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { liveSecrets } from '../model/seal.ts'
import { maskedConfig } from '../model/sealed-config.ts'
import { sourceSettingsSchema } from '../model/source.ts'
import { amend, etagOf, notFound, replaced, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { fixed, namedFields, presentTimes, shownFields, uidTaken } from './fields.ts'
import { changes, operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, nameQuery, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid, parse } from './parse.ts'
import { named, requirePlaces, type References } from './references.ts'
import { requireRoom } from './quota.ts'
import { sealHidden } from './source-secrets.ts'
import { CHECKED, requireAnswering, storable } from './source-check.ts'
import { generateSecret, gracePeriodSchema, putSecrets, rotate, sealAll } from './secrets.ts'

const secretSchema = z.string().min(1).max(10_000)

const creationSchema = sourceSettingsSchema.extend({
  ...namedFields,
  provider: z.string().min(1).max(100),
  /** Newest first. What a provider calls a secret: a key, a token, `user:password`. */
  secrets: z.array(secretSchema).max(5).default([]),
})
const changeSchema = sourceSettingsSchema.extend({ name: namedFields.name })
const rotationSchema = z.object({ secret: secretSchema.optional(), gracePeriodSeconds: gracePeriodSchema })
const shownSchema = sourceSettingsSchema.extend({
  id: idSchema('src'),
  /** What the provider is to be given. */
  url: z.url(),
  provider: z.string(),
  secretCount: z.int(),
  ...shownFields,
})
const shownOnceSchema = shownSchema.extend({
  /** Only when it was generated here, and only this once. */
  secret: z.string().optional(),
})

const LIST = 'sources'

export function sourceOperations(deps: ApiDeps): Operation[] {
  const show = makeShow(deps)
  return [
    operation({
      method: 'POST',
      path: '/sources',
      summary: 'Create a source',
      access: 'sources',
      body: creationSchema,
      problems: ['conflict', 'quota_exceeded'],
      answers: { status: 201, schema: shownOnceSchema },
      run: async (call) => create(deps, call),
    }),
    operation({
      method: 'GET',
      path: '/sources',
      summary: 'List sources',
      access: 'sources',
      query: pageQuery.extend({
        state: sourceSettingsSchema.shape.state.unwrap().optional(),
        provider: z.string().max(100).optional(),
        text: nameQuery,
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query, url, now }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listSources(deps.db, tenantId, {
          after,
          limit: limit + 1,
          where: { state: query.state, provider: query.provider, text: query.text },
        })
        return answerPage(LIST, { rows, limit, present: (row) => show(row, { url, now }) })
      },
    }),
    operation({
      method: 'GET',
      path: '/sources/:id',
      summary: 'Read a source',
      access: 'sources',
      idPrefix: 'src',
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id, url, now }) {
        const record = await getSource(deps.db, { tenantId, id })
        if (!record) throw notFound()
        return { status: 200, body: show(record, { url, now }), headers: { etag: etagOf(record) } }
      },
    }),
    operation({
      method: 'PUT',
      path: '/sources/:id',
      summary: 'Create the source with this uid, or make it what is given, defaults included',
      access: 'sources',
      body: creationSchema.omit({ uid: true }),
      problems: ['quota_exceeded'],
      answers: { status: 200, orStatus: 201, schema: shownOnceSchema },
      run: async (call) => put(deps, call),
    }),
    ...changingOperations(deps),
  ]
}

function changingOperations(deps: ApiDeps): Operation[] {
  const show = makeShow(deps)
  return [
    operation({
      method: 'PATCH',
      path: '/sources/:id',
      summary: 'Change a source: each given setting replaces the one there was',
      access: 'sources',
      idPrefix: 'src',
      body: changes,
      documentedBody: changeSchema.partial(),
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id, body, ifMatch, url, now }) {
        const changed = await amendSource(deps, { tenantId, id, ifMatch }, async (current) => {
          const { name, ...settings } = parse(changeSchema, { ...current.settings, ...body }, 'body')
          const known = deps.knownProvider(current.provider)
          const isChecked = CHECKED.some((key) => key in body)
          if ('response' in body) await requireAnswering(deps.db, tenantId, settings)
          const how = { id, sealer: deps.sealer, known: isChecked ? known : undefined }
          const kept = await storable(settings, { ...how, stored: current.settings.config })
          const stored = await sealHidden(kept, { known: current.sealed, id, sealer: deps.sealer })
          return { ...current, ...stored, name: name ?? current.name, updatedAt: now }
        })
        return { status: 200, body: show(changed, { url, now }), headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'POST',
      path: '/sources/:id/secrets',
      summary: 'Rotate the secret of a source',
      access: 'sources',
      idPrefix: 'src',
      body: rotationSchema,
      problems: ['conflict', 'precondition_failed'],
      answers: { status: 200, schema: shownOnceSchema },
      async run({ tenantId, id, body, ifMatch, url, now }) {
        const { secret = generateSecret(), gracePeriodSeconds } = body
        const how = { secret, id, sealer: deps.sealer, now, gracePeriodSeconds }
        const changed = await amendSource(deps, { tenantId, id, ifMatch }, async (current) => ({
          ...current,
          secrets: await rotate(current.secrets, how),
          updatedAt: now,
        }))
        const shown = show(changed, { url, now })
        const once = body.secret === undefined ? { ...shown, secret } : shown
        return { status: 200, body: once, headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'DELETE',
      path: '/sources/:id',
      summary: 'Delete a source: its URL answers 404 from then on',
      access: 'sources',
      idPrefix: 'src',
      problems: ['conflict'],
      answers: { status: 204 },
      async run({ tenantId, id }) {
        if (!(await deleteSource(deps.db, tenantId, id))) {
          const registered = await listRegistrations(deps.db, { tenantId, sourceId: id })
          throw registered.length > 0 ? stillRegistered() : notFound()
        }
        deps.sourceChanged(id)
        return { status: 204 }
      },
    }),
  ]
}

type Creation = Call<never, undefined, z.output<typeof creationSchema>>

async function create(deps: ApiDeps, call: Creation): Promise<Answer> {
  const { tenantId, body, references = {}, url, now } = call
  const { name, uid = null, provider, secrets: given, ...settings } = body
  const known = deps.knownProvider(provider)
  if (!known) throw invalid([{ path: 'provider', message: 'is not the name of a provider' }])
  const id = newId('src', now)
  const kept = await storable(settings, { id, sealer: deps.sealer, known })
  await requireAnswering(deps.db, tenantId, settings)
  requirePlaces(references, isPlace)
  await requireRoom(deps, tenantId, 'sources')
  const isGenerated = known.needsSecret && given.length === 0 && settings.verification !== 'off'
  const secrets = isGenerated ? [generateSecret()] : given
  const record: SourceRecord = {
    id,
    tenantId,
    uid,
    name: name ?? provider,
    provider,
    ...(await sealHidden(kept, { id, sealer: deps.sealer })),
    secrets: named(await sealAll(secrets, { id, sealer: deps.sealer, now }), namesOf(given, references)),
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
  if (!(await insertSource(deps.db, record))) throw uidTaken()
  const shown = makeShow(deps)(record, { url, now })
  return {
    status: 201,
    body: isGenerated ? { ...shown, secret: secrets[0] } : shown,
    headers: { location: `/v1/sources/${id}`, etag: etagOf(record) },
  }
}

async function put(deps: ApiDeps, call: Creation): Promise<Answer> {
  const { tenantId, uid, body, references = {}, ifMatch, url, now } = call
  const found = await getSource(deps.db, { tenantId, uid })
  requireMatch(ifMatch, found)
  if (!found) return create(deps, { ...call, body: { ...body, uid } })
  const { id } = found
  const { name = found.name, provider, secrets: given, ...settings } = body
  if (provider !== found.provider) throw fixed('provider')
  const known = deps.knownProvider(provider)
  const how = { id, sealer: deps.sealer, known }
  await requireAnswering(deps.db, tenantId, settings)
  requirePlaces(references, isPlace)
  const changed = await amendSource(deps, { tenantId, id, ifMatch }, async (current) => {
    const secrets =
      given.length === 0
        ? current.secrets
        : named(
            await putSecrets(current.secrets, given, { id, sealer: deps.sealer }),
            namesOf(given, references),
          )
    const kept = await storable(settings, { ...how, stored: current.settings.config })
    const stored = await sealHidden(kept, { known: current.sealed, id, sealer: deps.sealer })
    return replaced(current, { name, ...stored, secrets }, now)
  })
  return { status: 200, body: makeShow(deps)(changed, { url, now }), headers: { etag: etagOf(changed) } }
}

function isPlace(path: string): boolean {
  return /^secrets\.\d$/.test(path)
}

function namesOf(secrets: readonly string[], references: References): (string | undefined)[] {
  return secrets.map((_, i) => references[`secrets.${i}`])
}

export async function amendSource(
  { db, sourceChanged }: ApiDeps,
  { tenantId, id, ifMatch }: { tenantId: TenantId; id: SourceId; ifMatch: string | undefined },
  change: (current: SourceRecord) => Promise<SourceRecord> | SourceRecord,
): Promise<SourceRecord> {
  const load = () => getSource(db, { tenantId, id })
  const changed = await amend({ ifMatch, load, change, save: (next) => updateSource(db, next) })
  sourceChanged(id)
  return changed
}

/** The provider would go on calling a URL that answers 404. */
function stillRegistered(): ProblemError {
  return new ProblemError(
    'conflict',
    'Remove the registrations of the source first, so that nobody calls it.',
  )
}

function makeShow({ ingestUrl }: ApiDeps) {
  return (record: SourceRecord, { url, now }: { url: string; now: number }) => ({
    id: record.id,
    url: ingestUrl(record.id, url),
    name: record.name,
    uid: record.uid,
    provider: record.provider,
    ...record.settings,
    config: maskedConfig(record.settings.config),
    secretCount: liveSecrets(record.secrets, now).length,
    ...presentTimes(record),
  })
}
