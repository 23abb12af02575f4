import {
  claimRegistration,
  deleteRegistration,
  leaseRegistration,
  listRegistrations,
  placeKey,
  saveRegistration,
  type Place,
  type RegistrationRecord,
  type RegistrationSettings,
} from '../db/registrations.ts'
import type { SourceRecord } from '../db/sources.ts'
import { newId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { liveSecrets } from '../model/seal.ts'
import { connect, type Connection } from '../registrations/connection.ts'
import { ensureHooks, isSame, listHooks, removeHooks, type Registered } from '../registrations/register.ts'
import type { Registration } from '../registrations/registration.ts'
import type { ApiDeps } from './deps.ts'
import { invalid, parse } from './parse.ts'
import { askSchemaOf, keptCredentials, placeOf, type Asked } from './registration-ask.ts'
import { problemOf } from './registration-problem.ts'
import {
  add,
  chooseSecret,
  isOwnSecret,
  requireRoomForSecret,
  withSecret,
  type ChosenSecret,
} from './registration-secret.ts'
import { amendSource } from './sources.ts'

/** Longer than the provider is waited for. A call that died leaves the place free after it. */
const LEASE_MS = 120_000
/** All of a source are read at once. */
const REGISTRATIONS_MAX = 100

export interface Registering {
  source: SourceRecord
  registration: Registration
  body: unknown
  url: string
  now: number
}

/** What one call works with, once it has the right to. */
interface Work extends Registering {
  asked: Asked
  credentials: Readonly<Record<string, string | undefined>>
  registrations: readonly RegistrationRecord[]
  record: RegistrationRecord
}

/** Registers, or repeats it: what is there already is made what is asked. A new one that fails leaves nothing behind. */
export async function register(
  deps: ApiDeps,
  call: Registering,
): Promise<{ record: RegistrationRecord; isNew: boolean }> {
  const { source, registration, now } = call
  const { id: sourceId, tenantId } = source
  const asked = parse(askSchemaOf(registration), call.body, 'body')
  const place = await placeOf(deps, asked, registration)
  const registrations = await listRegistrations(deps.db, { tenantId, sourceId })
  requireRoom(registrations, place)
  const credentials =
    asked.credentials ?? (await keptCredentials(deps, { registrations, place, registration }))
  const settings: RegistrationSettings = {
    url: source.settings.publicUrl ?? deps.ingestUrl(sourceId, call.url),
    events: asked.events,
    hookIds: [],
    secret: null,
    bringsSecret: false,
  }
  const times = { createdAt: now, updatedAt: now }
  const fresh = { id: newId('reg', now), tenantId, sourceId, place, settings, credentials: null, ...times }
  const claimed = await claimRegistration(deps.db, fresh, { now, until: now + LEASE_MS })
  if (!claimed) throw underWay()
  try {
    const record = {
      ...claimed,
      settings: { ...claimed.settings, url: settings.url, events: settings.events },
    }
    return await carryOut(deps, { ...call, asked, credentials, registrations, record })
  } catch (error) {
    await (claimed.id === fresh.id
      ? deleteRegistration(deps.db, claimed)
      : saveRegistration(deps.db, claimed))
    throw error
  }
}

/** Removes the hooks at the provider, unless there is no connection, and then what we know of them. */
export async function unregister(
  deps: ApiDeps,
  {
    record,
    connection,
    now,
  }: { record: RegistrationRecord; connection: Connection | undefined; now: number },
): Promise<void> {
  const { tenantId, sourceId } = record
  if (!(await leaseRegistration(deps.db, record, { now, until: now + LEASE_MS }))) throw underWay()
  try {
    if (connection) await removeAt(connection, record)
  } catch (error) {
    await saveRegistration(deps.db, record)
    throw error
  }
  const registrations = await listRegistrations(deps.db, { tenantId, sourceId })
  if (isOwnSecret(record, registrations)) await dropSecret(deps, record, record.settings.secret)
  await deleteRegistration(deps.db, record)
}

async function carryOut(deps: ApiDeps, work: Work): Promise<{ record: RegistrationRecord; isNew: boolean }> {
  const { source, registration, record, credentials, now } = work
  const chosen = await choose(deps, work)
  requireSecret(work, chosen)
  // Before the hook is made, whose first call comes at once.
  if (chosen?.added) await keepSecret(deps, work, chosen)
  const secrets = chosen ? [chosen.plain] : []
  const connection = connect(
    { registration, ...record.place, credentials, secrets },
    { send: deps.send, now: deps.clock.now },
  )
  const { url, events, hookIds: remembered } = record.settings
  const secret = registration.secret.from === 'us' ? chosen?.plain : undefined
  const wanted = { url, name: `Hookway: ${source.name}`, events, secret }
  const ensured = await ensureHooks(connection, wanted, remembered)
  if (!ensured.ok) {
    if (chosen?.added) await dropSecret(deps, record, chosen.sealed)
    throw problemOf(ensured.error, registration)
  }
  const { hooks, isNew } = ensured.value
  const hookIds = hooks.map(({ id }) => id)
  const used = await secretOf(deps, work, { chosen, registered: ensured.value }).catch(
    async (error: unknown) => {
      if (isNew) await removeHooks(connection, hookIds)
      throw error
    },
  )
  const saved: RegistrationRecord = {
    ...record,
    settings: { ...record.settings, hookIds, ...used },
    credentials: await keptOf(deps, work),
    updatedAt: now,
  }
  await saveRegistration(deps.db, saved)
  await retireSecret(deps, work, used.secret)
  return { record: saved, isNew }
}

async function choose(deps: ApiDeps, work: Work): Promise<ChosenSecret | undefined> {
  const { source, asked, registration, record, registrations, credentials, now } = work
  const { baseUrl, target } = record.place
  const { secret: origin } = registration
  return await chooseSecret({
    source,
    registrations,
    origin,
    given: asked.secret ?? (origin.from === 'credentials' ? credentials[origin.field] : undefined),
    baseUrl,
    isPinned: baseUrl === registration.baseUrl(target),
    sealer: deps.sealer,
    now,
  })
}

/** Nothing is asked of the provider when what it sends could not be verified, or its secret not be kept. */
function requireSecret({ source, registration, record, now }: Work, chosen: ChosenSecret | undefined): void {
  const { secret: origin } = registration
  const has = liveSecrets(source.secrets, now).length > 0
  if (origin.from === 'credentials' && !chosen && !has) {
    const path = `credentials.${origin.field}`
    throw invalid([{ path, message: 'is needed, since hooks sign with it and the source has no secret' }])
  }
  if (origin.from === 'provider' && !chosen && record.settings.secret === null)
    requireRoomForSecret(source, now)
}

/** Which secret the hooks sign with now, kept if it came just now. */
async function secretOf(
  deps: ApiDeps,
  work: Work,
  { chosen, registered }: { chosen: ChosenSecret | undefined; registered: Registered },
): Promise<Pick<RegistrationSettings, 'secret' | 'bringsSecret'>> {
  const { registration, registrations, record, source, now } = work
  if (registered.secret !== undefined) {
    const returned = await add(registered.secret, { source, sealer: deps.sealer, now })
    await keepSecret(deps, work, returned)
    return { secret: returned.sealed, bringsSecret: true }
  }
  if (chosen) {
    const { sealed, added } = chosen
    const cameWithOne = registrations.some(
      ({ settings }) => settings.secret === sealed && settings.bringsSecret,
    )
    return { secret: sealed, bringsSecret: added !== undefined || cameWithOne }
  }
  if (registration.secret.from === 'provider' && liveSecrets(source.secrets, now).length === 0) {
    throw new ProblemError(
      'conflict',
      `${registration.name} says a hook’s secret only when it makes it, and this hook was there before. Give its secret as \`secret\`, or delete the hook there and register again.`,
    )
  }
  const { secret, bringsSecret } = record.settings
  return { secret, bringsSecret }
}

async function keepSecret(deps: ApiDeps, { source, now }: Work, { added }: ChosenSecret): Promise<void> {
  const { id, tenantId } = source
  await amendSource(deps, { tenantId, id, ifMatch: undefined }, (current) => {
    requireRoomForSecret(current, now)
    return { ...current, secrets: withSecret(current.secrets, { added, now }), updatedAt: now }
  })
}

/** One that the hooks no longer sign with goes, after the time that calls may still be under way. */
async function retireSecret(
  deps: ApiDeps,
  { source, record, registrations, now }: Work,
  used: string | null,
): Promise<void> {
  const { secret: retired } = record.settings
  if (retired === null || retired === used || !isOwnSecret(record, registrations)) return
  const { id, tenantId } = source
  await amendSource(deps, { tenantId, id, ifMatch: undefined }, (current) => ({
    ...current,
    secrets: withSecret(current.secrets, { retired, now }),
    updatedAt: now,
  }))
}

async function dropSecret(
  deps: ApiDeps,
  { tenantId, sourceId: id }: RegistrationRecord,
  sealed: string | null,
): Promise<void> {
  await amendSource(deps, { tenantId, id, ifMatch: undefined }, (current) => ({
    ...current,
    secrets: current.secrets.filter((each) => each.sealed !== sealed),
  }))
}

/** Of a call that died, the hooks are known by what they call. */
async function removeAt(connection: Connection, { settings }: RegistrationRecord): Promise<void> {
  const { registration } = connection
  let ids = settings.hookIds
  if (ids.length === 0) {
    const listed = await listHooks(connection)
    if (!listed.ok) throw problemOf(listed.error, registration, { isRemoval: true })
    ids = listed.value.filter(({ url }) => isSame(url, settings.url)).map(({ id }) => id)
  }
  const removed = await removeHooks(connection, ids)
  if (!removed.ok) throw problemOf(removed.error, registration, { isRemoval: true })
}

/** Those of the call if they are to be kept; those that were kept if it gave none. */
async function keptOf({ sealer }: ApiDeps, { asked, record }: Work): Promise<string | null> {
  if (asked.credentials === undefined) return record.credentials
  return asked.keepCredentials ? await sealer.seal(JSON.stringify(asked.credentials), record.id) : null
}

function requireRoom(registrations: readonly RegistrationRecord[], place: Place): void {
  const isKnown = registrations.some((each) => placeKey(each.place) === placeKey(place))
  if (isKnown || registrations.length < REGISTRATIONS_MAX) return
  throw new ProblemError(
    'conflict',
    `A source can be registered at ${REGISTRATIONS_MAX} places. Register at the organisation, or use another source.`,
  )
}

function underWay(): ProblemError {
  const detail = 'Another call is registering or removing the source there. Try again in a moment.'
  return new ProblemError('conflict', detail, { headers: { 'retry-after': '5' } })
}
