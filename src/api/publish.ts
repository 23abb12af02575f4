import { z } from 'zod'
import { utf8 } from '../model/bytes.ts'
import { idSchema, type TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import type { Publication } from '../model/publication.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Operation } from './operation.ts'
import { timeQuery } from './page.ts'
import { invalid } from './parse.ts'
import type { SchemaCheck } from './schema-check.ts'

const BATCH_MAX = 100
const DELAY_MS_MAX = 28 * 86_400_000
/** It travels in the head of the event, which every part of the data path reads. */
const METADATA_CHARS_MAX = 16 * 1024
const METADATA_TOO_LARGE = `has at most ${METADATA_CHARS_MAX} characters as JSON; larger things belong into the data`

const publicationSchema = z.object({
  id: z.string().min(1).max(200).optional().meta({
    description:
      'Your own id of the event: a second one with the same id is answered with the first and `duplicate`.',
  }),
  type: z
    .string()
    .max(200)
    .regex(/^[^\s*]+$/, 'an event type such as lead.created, without white space and *')
    .refine((type) => !type.startsWith('hookway.'), 'hookway.* are the events of the relay itself'),
  data: z.unknown().refine((data) => data !== undefined, 'is required; null is permitted'),
  version: z
    .string()
    .max(50)
    .optional()
    .meta({ description: 'Of the event type: which of its schemas `data` must fit; by default the newest.' }),
  occurredAt: timeQuery.optional(),
  orderingKey: z.string().min(1).max(200).optional(),
  deliverAt: timeQuery.optional().meta({
    description:
      'Not to be delivered before; at most 28 days ahead. With an ordering key, those behind it wait too.',
  }),
  metadata: z
    .record(z.string().max(100), z.unknown())
    .refine((metadata) => JSON.stringify(metadata).length <= METADATA_CHARS_MAX, METADATA_TOO_LARGE)
    .default({}),
})

const acceptedSchema = z.object({
  id: idSchema('evt'),
  /** An event with the same `id` was accepted before; this is its id here. */
  duplicate: z.boolean(),
})

const batch = z.array(publicationSchema).min(1).max(BATCH_MAX)
const batchSchema = z.union([batch, z.object({ events: batch })])

export function publishOperations(deps: ApiDeps, check: SchemaCheck): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/events',
      summary: 'Publish an event: once answered, it is durable and on its way',
      access: 'events',
      body: publicationSchema,
      problems: ['schema_mismatch', 'quota_exceeded', 'unavailable'],
      answers: { status: 202, schema: acceptedSchema },
      async run({ tenantId, body, now, onceKey, requestId }) {
        requireNear([body], now)
        const version = await check.check(tenantId, body, { now, at: '' })
        const events = [publicationOf(body, { version, onceKey })]
        const [accepted] = await publish(deps, { tenantId, events, requestId })
        return { status: 202, body: accepted }
      },
    }),
    operation({
      method: 'POST',
      path: '/events/batch',
      summary: 'Publish up to 100 events: as an array, or as `events`',
      access: 'events',
      body: batchSchema,
      problems: ['schema_mismatch', 'quota_exceeded', 'unavailable'],
      answers: { status: 202, schema: z.object({ data: z.array(acceptedSchema) }) },
      async run({ tenantId, body, now, onceKey, requestId }) {
        const events = Array.isArray(body) ? body : body.events
        requireNear(events, now)
        const prefix = Array.isArray(body) ? '' : 'events.'
        const publications: Publication[] = []
        for (const [index, event] of events.entries()) {
          const version = await check.check(tenantId, event, { now, at: `${prefix}${index}.` })
          publications.push(publicationOf(event, { version, onceKey: onceKey && `${onceKey} ${index}` }))
        }
        const data = await publish(deps, { tenantId, events: publications, requestId })
        return { status: 202, body: { data } }
      },
    }),
  ]
}

/** The caller is told to send the events again where it cannot be known that they are durable. */
async function publish(
  deps: Pick<ApiDeps, 'publish' | 'reportError'>,
  { tenantId, events, requestId }: { tenantId: TenantId; events: Publication[]; requestId: string },
): ReturnType<ApiDeps['publish']> {
  try {
    return await deps.publish(tenantId, events)
  } catch (error) {
    if (error instanceof ProblemError) throw error
    deps.reportError(error, requestId)
    throw new ProblemError('unavailable', 'The events could not be stored. Send them again.', {
      headers: { 'retry-after': '1' },
    })
  }
}

/** Later than that the event would be past retention. */
function requireNear(events: readonly { deliverAt?: number | undefined }[], now: number): void {
  const at = events.findIndex(({ deliverAt = 0 }) => deliverAt > now + DELAY_MS_MAX)
  if (at === -1) return
  const path = events.length === 1 ? 'deliverAt' : `${at}.deliverAt`
  throw invalid([{ path, message: 'is more than 28 days ahead' }])
}

function publicationOf(
  body: z.output<typeof publicationSchema>,
  { version, onceKey }: { version: string | undefined; onceKey: string | undefined },
): Publication {
  return {
    type: body.type,
    body: utf8(JSON.stringify(body.data)),
    contentType: 'application/json',
    key: body.id,
    onceKey,
    occurredAt: body.occurredAt,
    orderingKey: body.orderingKey,
    deliverAt: body.deliverAt,
    metadata: version === undefined ? body.metadata : { version, ...body.metadata },
  }
}
