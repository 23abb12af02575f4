import { z } from 'zod'
import { getEndpoint, type EndpointRecord } from '../db/endpoints.ts'
import {
  deleteSecret,
  getSecret,
  listSecrets,
  putSecret,
  secretContext,
  usersOf,
  type SharedSecret,
} from '../db/secrets.ts'
import { endpointSettingsSchema } from '../model/endpoint.ts'
import { idSchema, type TenantId } from '../model/id.ts'
import { withSecrets } from '../model/masked.ts'
import { ProblemError } from '../model/problem.ts'
import { etagOf, notFound, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { endpointSecretSchema, requireSecretFits } from './endpoint-secrets.ts'
import { amendEndpoint, changedSettings } from './endpoints.ts'
import { presentTimes, shownFields } from './fields.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid, parse } from './parse.ts'
import { gracePeriodSchema, renew } from './secrets.ts'
import { amendSource } from './sources.ts'

/** What one secret may serve: a new value is written to each in the same call, in some queries each. */
const USERS_MAX = 150

const valueSchema = z.object({ value: z.string().min(1).max(10_000), gracePeriodSeconds: gracePeriodSchema })
const { createdAt, updatedAt } = shownFields
const shownSchema = z.object({ name: z.string(), createdAt, updatedAt })
const detailSchema = shownSchema.extend({
  usedBy: z.object({ sources: z.array(idSchema('src')), endpoints: z.array(idSchema('ep')) }),
})

const LIST = 'secrets'

export function sharedSecretOperations(deps: ApiDeps): Operation[] {
  const { db } = deps
  const path = '/secrets/:id'
  const access = 'secrets'
  return [
    operation({
      method: 'GET',
      path: '/secrets',
      summary: 'List the secrets that documents of the configuration may name; values are never shown',
      access,
      query: pageQuery,
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const secrets = await listSecrets(db, tenantId, { after, limit: limit + 1 })
        const rows = secrets.map((secret) => ({ id: secret.name, secret }))
        return answerPage(LIST, { rows, limit, present: ({ secret }) => show(secret) })
      },
    }),
    operation({
      method: 'GET',
      path,
      summary: 'Read what uses a secret, by its name; the value is never shown',
      access,
      answers: { status: 200, schema: detailSchema },
      async run({ tenantId, uid: name }) {
        const secret = await getSecret(db, { tenantId, name })
        if (!secret) throw notFound()
        return answerDetail(deps, secret, 200)
      },
    }),
    operation({
      method: 'PUT',
      path,
      summary:
        'Give a secret its value; what names it has the new one at once, and signs and verifies with the one before for the grace period',
      access,
      body: valueSchema,
      answers: { status: 200, orStatus: 201, schema: detailSchema },
      run: async (call) => put(deps, call),
    }),
    operation({
      method: 'DELETE',
      path,
      summary: 'Delete a secret that nothing names',
      access,
      problems: ['conflict'],
      answers: { status: 204 },
      async run({ tenantId, uid: name }) {
        const { sources, endpoints } = await usersOf(db, { tenantId, name, limit: USERS_MAX })
        if (sources.length + endpoints.length > 0) {
          const [first] = [...sources, ...endpoints]
          throw new ProblemError('conflict', `The secret is in use, for example by ${first}.`)
        }
        if (!(await deleteSecret(db, tenantId, name))) throw notFound()
        return { status: 204 }
      },
    }),
  ]
}

interface Change {
  name: string
  value: string
  gracePeriodSeconds: number
  now: number
}

/** The value is kept first and given to its users then, so that a call which fails in between is finished by its repeat. */
async function put(
  deps: ApiDeps,
  { tenantId, uid: name, body, ifMatch, now }: Call<never, undefined, z.output<typeof valueSchema>>,
): Promise<Answer> {
  const { db, sealer } = deps
  const found = await getSecret(db, { tenantId, name })
  requireMatch(ifMatch, found && { version: found.updatedAt })
  const users = await usersOf(db, { tenantId, name, limit: USERS_MAX })
  if (users.sources.length + users.endpoints.length > USERS_MAX) {
    throw new ProblemError('conflict', `One secret serves at most ${USERS_MAX} resources. Use several names.`)
  }
  const change = { name, now, ...body }
  for (const id of users.endpoints) await requireUsable(deps, { tenantId, id, change })
  const sealed = await sealer.seal(body.value, secretContext({ tenantId, name }))
  const secret = { tenantId, name, sealed, createdAt: found?.createdAt ?? now, updatedAt: now }
  await putSecret(db, secret)
  for (const id of users.sources) {
    await amendSource(deps, { tenantId, id, ifMatch: undefined }, async (current) => {
      const secrets = await renew(current.secrets, { ...change, id, sealer })
      return secrets === current.secrets ? current : { ...current, secrets, updatedAt: now }
    })
  }
  for (const id of users.endpoints) {
    await amendEndpoint(deps, { tenantId, id, ifMatch: undefined }, (current) =>
      renewEndpoint(deps, current, change),
    )
  }
  return answerDetail(deps, secret, found ? 200 : 201)
}

/** Throws when the endpoint could not do with the value: a header that may not hold it, a key of another kind. */
async function requireUsable(
  deps: ApiDeps,
  { tenantId, id, change }: { tenantId: TenantId; id: string; change: Change },
): Promise<void> {
  const current = await getEndpoint(deps.db, { tenantId, id })
  if (!current) return
  try {
    await renewEndpoint(deps, current, change)
  } catch (error) {
    if (!(error instanceof ProblemError) || !error.errors) throw error
    const faults = error.errors.map(({ path, message }) => `${path} ${message}`).join('; ')
    throw invalid([{ path: 'value', message: `does not fit the endpoint ${id}: ${faults}` }])
  }
}

async function renewEndpoint(
  deps: ApiDeps,
  current: EndpointRecord,
  { value, ...change }: Change,
): Promise<EndpointRecord> {
  const { id, references: known = {}, settings: before } = current
  const signs = current.secrets.some(
    ({ reference, expiresAt }) => reference === change.name && expiresAt === null,
  )
  if (signs)
    requireSecretFits(
      parse(z.object({ secret: endpointSecretSchema }), { secret: value }, 'body').secret,
      before.signing,
    )
  const references = Object.fromEntries(Object.entries(known).filter(([, name]) => name === change.name))
  const settings = withSecrets(before, (path, shown) => (path in references ? value : shown))
  const changed = await changedSettings(deps, current, {
    given: parse(endpointSettingsSchema, settings, 'body'),
    references,
  })
  const secrets = await renew(changed.secrets, { ...change, value, id, sealer: deps.sealer })
  const isSame =
    secrets === current.secrets && JSON.stringify(changed.sealed) === JSON.stringify(current.sealed)
  return isSame ? current : { ...current, ...changed, secrets, updatedAt: change.now }
}

async function answerDetail({ db }: ApiDeps, secret: SharedSecret, status: number): Promise<Answer> {
  const { tenantId, name } = secret
  const usedBy = await usersOf(db, { tenantId, name, limit: USERS_MAX })
  return {
    status,
    body: { ...show(secret), usedBy },
    headers: { etag: etagOf({ version: secret.updatedAt }) },
  }
}

function show(secret: SharedSecret) {
  return { name: secret.name, ...presentTimes(secret) }
}
