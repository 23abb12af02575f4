import { z } from 'zod'
import {
  addEventTypes,
  deleteEventType,
  getEventType,
  listEventTypes,
  putEventType,
} from '../db/event-types.ts'
import {
  eventTypeSettingsSchema,
  newestVersion,
  type EventType,
  type EventTypeSettings,
} from '../model/event-type.ts'
import { sampleOf } from '../model/json-sample.ts'
import { ProblemError } from '../model/problem.ts'
import { STARTER } from '../templates/starter.ts'
import { etagOf, notFound, requireMatch } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { presentTimes, shownFields } from './fields.ts'
import { operation, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema } from './page.ts'
import { invalid } from './parse.ts'
import { mismatches, schemaFaults, type SchemaCheck } from './schema-check.ts'

const { createdAt, updatedAt } = shownFields
const shownSchema = eventTypeSettingsSchema.extend({
  name: z.string(),
  version: z.int(),
  createdAt,
  updatedAt,
})

const LIST = 'event-types'

export function eventTypeOperations({ db }: ApiDeps, check: SchemaCheck): Operation[] {
  const path = '/event-types/:id'
  const access = 'event-types'
  return [
    operation({
      method: 'GET',
      path: '/event-types',
      summary: 'List the event types of the catalogue by name',
      access,
      query: pageQuery.extend({
        prefix: z.string().min(1).max(200).optional().meta({ description: 'What the name begins with.' }),
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const types = await listEventTypes(db, tenantId, { after, limit: limit + 1, prefix: query.prefix })
        const rows = types.map((type) => ({ id: type.name, type }))
        return answerPage(LIST, { rows, limit, present: ({ type }) => show(type) })
      },
    }),
    operation({
      method: 'POST',
      path: '/event-types/starter',
      summary:
        'Add the starter catalogue: CRM, directory and API events; names that are taken stay as they are',
      access,
      body: z.object({}),
      answers: { status: 201, schema: z.object({ added: z.int(), names: z.array(z.string()) }) },
      async run({ tenantId, now }) {
        const types = STARTER.map(({ name, ...given }): EventType => {
          const settings = eventTypeSettingsSchema.parse(given)
          return { tenantId, name, settings, version: 1, createdAt: now, updatedAt: now }
        })
        const added = await addEventTypes(db, types)
        for (const { name } of types) check.forget(tenantId, name)
        return { status: 201, body: { added, names: types.map(({ name }) => name) } }
      },
    }),
    operation({
      method: 'GET',
      path,
      summary: 'Read an event type by its name, with a sample of its data',
      access,
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, uid: name }) {
        const type = await getEventType(db, tenantId, name)
        if (!type) throw notFound()
        return { status: 200, body: show(type), headers: { etag: etagOf(type) } }
      },
    }),
    operation({
      method: 'PUT',
      path,
      summary:
        'Make the event type what is given: what is published under its name must fit its newest schema',
      access,
      body: eventTypeSettingsSchema,
      answers: { status: 200, orStatus: 201, schema: shownSchema },
      async run({ tenantId, uid: name, body: settings, ifMatch, now }) {
        requireUsable(settings)
        const found = await getEventType(db, tenantId, name)
        requireMatch(ifMatch, found)
        const times = { createdAt: found?.createdAt ?? now, updatedAt: now }
        const type = { tenantId, name, settings, version: (found?.version ?? 0) + 1, ...times }
        if (!(await putEventType(db, type))) {
          throw new ProblemError('conflict', 'The event type was changed at the same time. Send it again.')
        }
        check.forget(tenantId, name)
        return { status: found ? 200 : 201, body: show(type), headers: { etag: etagOf(type) } }
      },
    }),
    operation({
      method: 'DELETE',
      path,
      summary: 'Delete an event type: events of its name are no longer checked',
      access,
      answers: { status: 204 },
      async run({ tenantId, uid: name }) {
        if (!(await deleteEventType(db, tenantId, name))) throw notFound()
        check.forget(tenantId, name)
        return { status: 204 }
      },
    }),
  ]
}

function requireUsable({ schemas, sample }: EventTypeSettings): void {
  const faults = Object.entries(schemas).flatMap(([version, schema]) =>
    schemaFaults(schema, `schemas.${version}`),
  )
  if (faults.length > 0) throw invalid(faults)
  const newest = newestVersion(schemas)
  const schema = newest === undefined ? undefined : schemas[newest]
  const wrong =
    sample === null || sample === undefined || schema === undefined
      ? []
      : mismatches(schema, sample, 'sample')
  if (wrong.length > 0) throw invalid(wrong)
}

function show(type: EventType) {
  const { name, settings, version } = type
  const newest = newestVersion(settings.schemas)
  const schema = newest === undefined ? undefined : settings.schemas[newest]
  const sample = settings.sample ?? (schema === undefined ? null : (sampleOf(schema) ?? null))
  return { name, ...settings, sample, version, ...presentTimes(type) }
}
