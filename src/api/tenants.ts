import { z } from 'zod'
import {
  deleteTenant,
  getTenant,
  insertTenant,
  isTenantEmpty,
  listTenants,
  updateTenant,
} from '../db/tenants.ts'
import { newId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { DEFAULT_TENANT, tenantSettingsSchema, type Tenant } from '../model/tenant.ts'
import { amend, etagOf, notFound, replaced, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { namedFields, presentTimes, shownFields, uidTaken } from './fields.ts'
import { changes, operation, type Answer, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema } from './page.ts'
import { parse } from './parse.ts'

const creationSchema = tenantSettingsSchema.extend({ ...namedFields, name: namedFields.name.unwrap() })
const changeSchema = tenantSettingsSchema.extend({ name: namedFields.name })
const shownSchema = tenantSettingsSchema.extend({ id: z.string(), ...shownFields })

const LIST = 'tenants'

export function tenantOperations({ db }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/tenants',
      summary: 'Create a tenant',
      access: 'root',
      body: creationSchema,
      problems: ['conflict'],
      answers: { status: 201, schema: shownSchema },
      run: async ({ body, now }) => create(db, { body, now }),
    }),
    operation({
      method: 'PUT',
      path: '/tenants/:id',
      summary: 'Create the tenant with this uid, or make it what is given, defaults included',
      access: 'root',
      body: creationSchema.omit({ uid: true }),
      answers: { status: 200, orStatus: 201, schema: shownSchema },
      async run({ uid, body, ifMatch, now }) {
        const found = await getTenant(db, uid === DEFAULT_TENANT ? { id: uid } : { uid })
        requireMatch(ifMatch, found)
        if (!found) return await create(db, { body: { ...body, uid }, now })
        const { name, ...settings } = body
        const changed = await amend({
          ifMatch,
          load: () => getTenant(db, { id: found.id }),
          change: (current) => replaced(current, { name, settings }, now),
          save: (next) => updateTenant(db, next),
        })
        return { status: 200, body: show(changed), headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'GET',
      path: '/tenants',
      summary: 'List tenants',
      access: 'root',
      query: pageQuery,
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ query }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listTenants(db, { after, limit: limit + 1 })
        return answerPage(LIST, { rows, limit, present: show })
      },
    }),
    operation({
      method: 'GET',
      path: '/tenants/:id',
      summary: 'Read a tenant',
      access: 'root',
      idPrefix: 'ten',
      answers: { status: 200, schema: shownSchema },
      async run({ id }) {
        const tenant = await getTenant(db, { id })
        if (!tenant) throw notFound()
        return { status: 200, body: show(tenant), headers: { etag: etagOf(tenant) } }
      },
    }),
    operation({
      method: 'PATCH',
      path: '/tenants/:id',
      summary: 'Change a tenant: each given setting replaces the one there was',
      access: 'root',
      idPrefix: 'ten',
      body: changes,
      documentedBody: changeSchema.partial(),
      answers: { status: 200, schema: shownSchema },
      async run({ id, body, ifMatch, now }) {
        const changed = await amend({
          ifMatch,
          load: () => getTenant(db, { id }),
          change(current) {
            const { name, ...settings } = parse(changeSchema, { ...current.settings, ...body }, 'body')
            return { ...current, name: name ?? current.name, settings, updatedAt: now }
          },
          save: (next) => updateTenant(db, next),
        })
        return { status: 200, body: show(changed), headers: { etag: etagOf(changed) } }
      },
    }),
    operation({
      method: 'DELETE',
      path: '/tenants/:id',
      summary: 'Delete a tenant that has no sources and endpoints left, with its tokens',
      access: 'root',
      idPrefix: 'ten',
      problems: ['conflict'],
      answers: { status: 204 },
      async run({ id }) {
        if ((id as string) === DEFAULT_TENANT) {
          throw new ProblemError('conflict', 'The default tenant always exists.')
        }
        if (!(await isTenantEmpty(db, id))) {
          throw new ProblemError('conflict', 'Delete the sources and endpoints of the tenant first.')
        }
        if (!(await deleteTenant(db, id))) throw notFound()
        return { status: 204 }
      },
    }),
  ]
}

async function create(
  db: D1Database,
  { body, now }: { body: z.output<typeof creationSchema>; now: number },
): Promise<Answer> {
  const { name, uid = null, ...settings } = body
  const id = newId('ten', now)
  const tenant: Tenant = { id, uid, name, settings, version: 1, createdAt: now, updatedAt: now }
  if (!(await insertTenant(db, tenant))) throw uidTaken()
  const headers = { location: `/v1/tenants/${id}`, etag: etagOf(tenant) }
  return { status: 201, body: show(tenant), headers }
}

function show(tenant: Tenant) {
  const { id, name, uid, settings } = tenant
  return { id, name, uid, ...settings, ...presentTimes(tenant) }
}
