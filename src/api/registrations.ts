import { z } from 'zod'
import { listRegistrations, type RegistrationRecord } from '../db/registrations.ts'
import { getSource, type SourceRecord } from '../db/sources.ts'
import { idSchema, type SourceId, type TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { connect, type Connection } from '../registrations/connection.ts'
import { isSame, listHooks } from '../registrations/register.ts'
import type { Registration } from '../registrations/registration.ts'
import { findRegistration, REGISTRATIONS } from '../registrations/registry.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { presentTimes, shownFields } from './fields.ts'
import { changes, CREDENTIALS, operation, type Operation } from './operation.ts'
import { pageSchema } from './page.ts'
import { faultsOf, invalid } from './parse.ts'
import { OF_PROVIDERS } from './problems.ts'
import { problemOf } from './registration-problem.ts'
import { register, unregister } from './registering.ts'
import { askSchemaOf } from './registration-ask.ts'

const shownSchema = z.object({
  id: idSchema('reg'),
  sourceId: idSchema('src'),
  provider: z.string(),
  baseUrl: z.string(),
  target: z.record(z.string(), z.string()),
  /** What the provider calls. */
  url: z.string(),
  events: z.array(z.string()),
  hookIds: z.array(z.string()),
  /** `pending`: a call that was to register has not come to its end; repeat it. */
  state: z.enum(['registered', 'pending']),
  keepsCredentials: z.boolean(),
  createdAt: shownFields.createdAt,
  updatedAt: shownFields.updatedAt,
})
const hookSchema = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  active: z.boolean(),
  /** It calls this source. */
  pointsHere: z.boolean(),
  /** It is one that this registration made or took over. */
  registered: z.boolean(),
})
const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .default(false)

export function registrationOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/sources/:id/registrations',
      summary:
        'Register the source at its provider: make the hook there, or make the one that is there what is asked',
      access: 'sources',
      idPrefix: 'src',
      body: changes,
      documentedBody: z.union(REGISTRATIONS.map((each) => askSchemaOf(each).meta({ title: each.name }))),
      problems: [...OF_PROVIDERS, 'target_refused', 'unavailable'],
      answers: { status: 201, orStatus: 200, schema: shownSchema },
      async run(call) {
        const { source, registration } = await find(deps, call)
        const { record, isNew } = await register(deps, { ...call, source, registration })
        const headers = { location: `/v1/sources/${source.id}/registrations/${record.id}` }
        return { status: isNew ? 201 : 200, body: show(record, source), headers }
      },
    }),
    operation({
      method: 'GET',
      path: '/sources/:id/registrations',
      summary: 'List where the source is registered at its provider',
      access: 'sources',
      idPrefix: 'src',
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, id }) {
        const source = await getSource(deps.db, { tenantId, id })
        if (!source) throw notFound()
        const records = await listRegistrations(deps.db, { tenantId, sourceId: id })
        return { status: 200, body: { data: records.map((each) => show(each, source)), next: null } }
      },
    }),
    operation({
      method: 'GET',
      path: '/sources/:id/registrations/:registrationId',
      summary: 'Read a registration',
      access: 'sources',
      idPrefix: 'src',
      answers: { status: 200, schema: shownSchema },
      async run(call) {
        const { record, source } = await findRecord(deps, call)
        return { status: 200, body: show(record, source) }
      },
    }),
    ...providerOperations(deps),
  ]
}

/** Those that ask the provider about what is registered. */
function providerOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/sources/:id/registrations/:registrationId/hooks',
      summary: 'List the hooks that the provider has at the place of the registration, ours and others',
      access: 'sources',
      idPrefix: 'src',
      takesCredentials: true,
      answers: { status: 200, schema: pageSchema(hookSchema) },
      async run(call) {
        const { record, registration } = await findRecord(deps, call)
        const connection = await connectTo(deps, { record, registration, given: call.credentials })
        const listed = await listHooks(connection)
        if (!listed.ok) throw problemOf(listed.error, registration)
        const data = listed.value.map(({ id, url, events, isActive }) => ({
          id,
          url,
          events,
          active: isActive,
          pointsHere: isSame(url, record.settings.url),
          registered: record.settings.hookIds.includes(id),
        }))
        return { status: 200, body: { data, next: null } }
      },
    }),
    operation({
      method: 'DELETE',
      path: '/sources/:id/registrations/:registrationId',
      summary:
        'Remove the hooks of the registration at the provider; `forget` leaves them there and only forgets the registration',
      access: 'sources',
      idPrefix: 'src',
      takesCredentials: true,
      query: z.object({ forget: flag }),
      answers: { status: 204 },
      async run(call) {
        const { record, registration } = await findRecord(deps, call)
        const { now, query, credentials: given } = call
        const connection = query.forget ? undefined : await connectTo(deps, { record, registration, given })
        await unregister(deps, { record, connection, now })
        return { status: 204 }
      },
    }),
  ]
}

interface Found {
  source: SourceRecord
  registration: Registration
}

async function find({ db }: ApiDeps, of: { tenantId: TenantId; id: SourceId }): Promise<Found> {
  const { tenantId, id } = of
  const source = await getSource(db, { tenantId, id })
  if (!source) throw notFound()
  const registration = findRegistration(source.provider)
  if (registration) return { source, registration }
  const names = REGISTRATIONS.map(({ name }) => name).join(', ')
  throw new ProblemError(
    'conflict',
    `Hooks of \`${source.provider}\` are made by hand, with the source's \`url\`. Registered can be: ${names}.`,
  )
}

async function findRecord(
  deps: ApiDeps,
  call: { tenantId: TenantId; id: SourceId; part: string },
): Promise<Found & { record: RegistrationRecord }> {
  const found = await find(deps, call)
  const records = await listRegistrations(deps.db, { tenantId: call.tenantId, sourceId: call.id })
  const record = records.find(({ id }) => id === call.part)
  if (!record) throw notFound()
  return { ...found, record }
}

/** With the credentials of the call, else with those that are kept. */
async function connectTo(
  deps: ApiDeps,
  {
    record,
    registration,
    given,
  }: { record: RegistrationRecord; registration: Registration; given: string | undefined },
): Promise<Connection> {
  const { id, credentials: kept, place } = record
  const text = given ?? (kept === null ? undefined : await deps.sealer.open(kept, id))
  if (text === undefined) {
    throw new ProblemError(
      'conflict',
      `The credentials were not kept. Send them as JSON in the header \`${CREDENTIALS}\`.`,
    )
  }
  const credentials = parseCredentials(registration, text)
  return connect({ registration, credentials, ...place }, { send: deps.send, now: deps.clock.now })
}

function parseCredentials({ credentials: schema }: Registration, text: string) {
  const path = `header.${CREDENTIALS.toLowerCase()}`
  const value = jsonOf(text)
  if (value === undefined) throw invalid([{ path, message: 'is not JSON, such as {"token":"…"}' }])
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalid(faultsOf(schema, value, path))
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function show(record: RegistrationRecord, { provider }: SourceRecord) {
  const { id, sourceId, place, settings, credentials } = record
  const { url, events, hookIds } = settings
  return {
    id,
    sourceId,
    provider,
    ...place,
    url,
    events,
    hookIds,
    state: hookIds.length === 0 ? 'pending' : 'registered',
    keepsCredentials: credentials !== null,
    ...presentTimes(record),
  }
}
