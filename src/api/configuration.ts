import { z } from 'zod'
import { listEndpoints } from '../db/endpoints.ts'
import { listSources } from '../db/sources.ts'
import { listSubscriptions } from '../db/subscriptions.ts'
import type { Id, Prefix } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { uidSchema } from '../model/tenant.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Call, type Operation, type UnparsedCall } from './operation.ts'
import { invalid, parse } from './parse.ts'
import { openReferences, referencesIn, resolved, withNames } from './references.ts'

const KINDS = ['sources', 'endpoints', 'subscriptions'] as const
type Kind = (typeof KINDS)[number]
type Item = Record<string, unknown>

/** Of one kind; a tenant with more keeps its configuration in several documents. */
const ITEMS_MAX = 250
const item = z.looseObject({ uid: uidSchema })
const documentSchema = z.object({
  version: z.literal(1).default(1),
  sources: z.array(item).max(ITEMS_MAX).default([]),
  endpoints: z.array(item).max(ITEMS_MAX).default([]),
  /** `endpoint` and `sources` are uids. */
  subscriptions: z.array(item).max(ITEMS_MAX).default([]),
})
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')
const changeSchema = z.object({
  kind: z.enum(KINDS),
  uid: z.string(),
  action: z.enum(['create', 'update', 'delete', 'none']),
  /** What an update changes. */
  fields: z.array(z.string()),
})
/** What a resource shows beside what can be set. */
const SHOWN_ONLY = ['id', 'url', 'secretCount', 'publicKeys', 'createdAt', 'updatedAt', 'fault']

export function configurationOperations(deps: ApiDeps, operations: readonly Operation[]): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/export',
      summary:
        'The configuration as a document that can be imported: what has a uid, with the names of shared secrets and no other',
      access: 'configuration',
      problems: ['conflict'],
      answers: {
        status: 200,
        schema: z.object({
          version: z.literal(1),
          sources: z.array(z.record(z.string(), z.unknown())),
          endpoints: z.array(z.record(z.string(), z.unknown())),
          subscriptions: z.array(z.record(z.string(), z.unknown())),
          unnamed: z.array(z.object({ kind: z.enum(KINDS), id: z.string() })),
        }),
      },
      async run(call) {
        const current = await readAll(deps, operations, call)
        const named = Object.fromEntries(
          KINDS.map((kind) => [kind, [...current[kind].values()].map(declared(kind, current))]),
        )
        return { status: 200, body: { version: 1, ...named, unnamed: current.unnamed } }
      },
    }),
    operation({
      method: 'PUT',
      path: '/import',
      summary:
        'Make the configuration what the document says, by uid; `prune` removes what it leaves out, `dryRun` only says what would change',
      access: 'configuration',
      query: z.object({ dryRun: flag, prune: flag }),
      body: documentSchema,
      problems: ['quota_exceeded', 'target_refused', 'secret_required'],
      answers: { status: 200, schema: z.object({ dryRun: z.boolean(), changes: z.array(changeSchema) }) },
      async run(call) {
        const { dryRun, prune } = call.query
        const current = await readAll(deps, operations, call)
        const values = await openReferences(deps, call.tenantId, [
          call.body,
          ...current.sources.values(),
          ...current.endpoints.values(),
        ])
        const changes = planOf(call.body, current, prune)
        if (!dryRun) await apply({ changes, document: call.body, current, operations, call, values })
        return { status: 200, body: { dryRun, changes } }
      },
    }),
  ]
}

type Current = Record<Kind, Map<string, Item>> & { unnamed: { kind: Kind; id: string }[] }
type AnyCall = Call<never, unknown, unknown>
type Document = z.output<typeof documentSchema>
type Change = z.output<typeof changeSchema>

async function readAll({ db }: ApiDeps, operations: readonly Operation[], call: AnyCall): Promise<Current> {
  const page = { after: undefined, limit: ITEMS_MAX + 1 }
  const rows = {
    sources: await listSources(db, call.tenantId, page),
    endpoints: await listEndpoints(db, call.tenantId, page),
    subscriptions: await listSubscriptions(db, call.tenantId, page),
  }
  const current: Current = { sources: new Map(), endpoints: new Map(), subscriptions: new Map(), unnamed: [] }
  for (const kind of KINDS) {
    if (rows[kind].length > ITEMS_MAX) {
      throw new ProblemError(
        'conflict',
        `The tenant has more than ${ITEMS_MAX} ${kind}: too many for one document.`,
      )
    }
    const { data } = await run(operations, `GET /${kind}`, {
      ...call,
      query: { limit: String(ITEMS_MAX) },
      body: {},
    })
    const shown = new Map((data as Item[]).map((each) => [each['id'], each]))
    for (const row of rows[kind]) {
      const item = shown.get(row.id)
      if (row.uid === null) current.unnamed.push({ kind, id: row.id })
      else if (item)
        current[kind].set(
          row.uid,
          kind !== 'subscriptions' && 'secrets' in row ? withNames(item, row, kind) : item,
        )
    }
  }
  return current
}

/** A resource as the document says it: without what only shows, with uids where ids stand. */
function declared(kind: Kind, current: Current): (shown: Item) => Item {
  const uidOf = (of: Kind, id: unknown) => [...current[of]].find(([, each]) => each['id'] === id)?.[0] ?? id
  return (shown) => {
    const hidden = kind === 'endpoints' ? SHOWN_ONLY.filter((name) => name !== 'url') : SHOWN_ONLY
    const kept = Object.fromEntries(Object.entries(shown).filter(([name]) => !hidden.includes(name)))
    if (kind !== 'subscriptions') return kept
    const { endpointId, sourceIds, ...rest } = kept
    const sources = (sourceIds as unknown[]).map((id) => uidOf('sources', id))
    return { ...rest, endpoint: uidOf('endpoints', endpointId), sources }
  }
}

/** What a field that is left out means is its default, which a first import writes: so only what is given is compared. */
function planOf(document: Document, current: Current, prune: boolean): Change[] {
  const changes = KINDS.flatMap((kind) =>
    document[kind].map((wanted): Change => {
      const shown = current[kind].get(wanted.uid)
      if (!shown) return { kind, uid: wanted.uid, action: 'create', fields: [] }
      const known = declared(kind, current)(shown)
      const fields = Object.keys(wanted).filter(
        (name) => JSON.stringify(wanted[name]) !== JSON.stringify(known[name]),
      )
      return { kind, uid: wanted.uid, action: fields.length === 0 ? 'none' : 'update', fields }
    }),
  )
  const removed = KINDS.toReversed().flatMap((kind) => {
    const wanted = new Set(document[kind].map(({ uid }) => uid))
    const gone = [...current[kind].keys()].filter((uid) => !wanted.has(uid))
    return gone.map((uid): Change => ({ kind, uid, action: 'delete', fields: [] }))
  })
  return prune ? [...changes, ...removed] : changes
}

async function apply({
  changes,
  document,
  current,
  operations,
  call,
  values,
}: {
  changes: readonly Change[]
  document: Document
  current: Current
  operations: readonly Operation[]
  call: AnyCall
  /** Of the shared secrets that are named. */
  values: ReadonlyMap<string, string>
}): Promise<void> {
  for (const { kind, uid, action } of changes) {
    if (action === 'none') continue
    const known = current[kind].get(uid)
    const id = known?.['id'] as Id<Prefix> | undefined
    if (action === 'delete') {
      await run(operations, `DELETE /${kind}/:id`, { ...call, id, query: {}, body: {} })
      continue
    }
    const index = document[kind].findIndex((each) => each.uid === uid)
    const { uid: _, ...fields } = { ...(known && declared(kind, current)(known)), ...document[kind][index] }
    const made = await placed(`${kind}.${index}`, async () => {
      const asked =
        kind === 'subscriptions'
          ? { body: withIds(fields, current) }
          : { body: resolved(fields, values), references: referencesIn(fields) }
      return await run(operations, `PUT /${kind}/:id`, { ...call, id: undefined, uid, query: {}, ...asked })
    })
    current[kind].set(uid, made)
  }
}

/** Says of a fault in which item of the document it is. */
async function placed<T>(place: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const errors = error.errors?.map(({ path, message }) => ({ path: `${place}.${path}`, message }))
    throw new ProblemError(error.code, `In ${place}: ${error.message}`, { ...(errors && { errors }) })
  }
}

function withIds({ endpoint, sources = [], ...rest }: Item, current: Current): Item {
  const { endpoint: name, sources: names } = parse(
    z.object({ endpoint: z.string(), sources: z.array(z.string()) }),
    { endpoint, sources },
    'body',
  )
  const idOf = (kind: Kind, uid: string) => {
    const id = current[kind].get(uid)?.['id']
    if (id === undefined)
      throw invalid([
        { path: kind === 'endpoints' ? 'endpoint' : kind, message: `${uid} is the uid of none` },
      ])
    return id
  }
  return { ...rest, endpointId: idOf('endpoints', name), sourceIds: names.map((uid) => idOf('sources', uid)) }
}

/** Runs the call that anybody would make for it, so that what holds there holds here. */
async function run(
  operations: readonly Operation[],
  name: `${Operation['method']} /${string}`,
  call: UnparsedCall,
): Promise<Item> {
  const found = operations.find(({ method, path }) => `${method} ${path}` === name)
  if (!found) throw new Error(`there is no ${name}`)
  const { body } = await found.run({ ...call, ifMatch: undefined })
  return (body ?? {}) as Item
}
