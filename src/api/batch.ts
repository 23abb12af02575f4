import { z } from 'zod'
import { problemOf, ProblemError, problemSchema } from '../model/problem.ts'
import type { ApiDeps } from './deps.ts'
import { parseUid } from './identify.ts'
import { operation, type Answer, type Operation, type UnparsedCall } from './operation.ts'
import { parse } from './parse.ts'
import { problemsOf } from './problems.ts'

/** As many as `/events/batch` takes; each costs some queries of the thousand that D1 permits an invocation. */
const ITEMS_MAX = 100

/** What can be made in batches, and by which call each item is made. */
const KINDS = [
  { kind: 'sources', by: 'POST /sources' },
  { kind: 'endpoints', by: 'POST /endpoints' },
  { kind: 'subscriptions', by: 'POST /subscriptions' },
  { kind: 'event-types', by: 'PUT /event-types/:id' },
] as const

const items = z.array(z.record(z.string(), z.unknown())).min(1).max(ITEMS_MAX)
const batchSchema = z.union([items, z.object({ items })])

const anyResultSchema = z.object({
  /** Of the item, as the call for it alone would have answered. */
  status: z.int(),
  /** What was made. */
  resource: z.unknown().optional(),
  /** Why nothing was made. */
  problem: problemSchema.optional(),
})

/**
 * Many of a kind in one call. Each item is the call that makes one, with its own checks, quota and audit entry, so one
 * that is refused does not keep the others from being made: its result says why, in its place.
 */
export function batchOperations(deps: ApiDeps, operations: readonly Operation[]): Operation[] {
  return KINDS.flatMap(({ kind, by }) => {
    const single = operations.find(({ method, path }) => `${method} ${path}` === by)
    return single ? [batchOf(deps, kind, single)] : []
  })
}

function batchOf(deps: ApiDeps, kind: (typeof KINDS)[number]['kind'], single: Operation): Operation {
  const given = itemSchema(single)
  const { schema = z.unknown() } = single.answers
  const codes = [...problemsOf(single).values()].flat()
  const resultSchema = anyResultSchema.extend({
    resource: schema.optional(),
    problem: problemSchema.optional().meta({ description: `Why nothing was made: ${codes.join(', ')}.` }),
  })
  return operation({
    method: 'POST',
    path: `/${kind}/batch`,
    summary: `Create up to ${ITEMS_MAX} ${kind.replace('-', ' ')}, as an array or as \`items\`: each for itself, and each result in its place`,
    access: kind,
    body: batchSchema,
    documentedBody: z.union([given, z.object({ items: given })]),
    isBatch: true,
    answers: {
      status: 200,
      schema: z.object({ data: z.array(resultSchema), succeeded: z.int(), failed: z.int() }),
    },
    async run({ body, ...call }) {
      const results: Result[] = []
      for (const item of Array.isArray(body) ? body : body.items) {
        results.push(
          await resultOf(deps, call.requestId, () =>
            runOne(single, { ...call, id: undefined, query: {}, body: item }),
          ),
        )
      }
      const failed = results.filter(({ problem }) => problem !== undefined).length
      return { status: 200, body: { data: results, succeeded: results.length - failed, failed } }
    },
  })
}

/** Of an item: the body of the call, and where that names its resource in the path, the name. */
function itemSchema({ method, body }: Operation): z.ZodType {
  const named = method === 'PUT' && body instanceof z.ZodObject ? body.extend({ name: z.string() }) : body
  return z
    .array(named ?? z.unknown())
    .min(1)
    .max(ITEMS_MAX)
}

type Result = z.output<typeof anyResultSchema>

async function runOne(single: Operation, call: UnparsedCall): Promise<Answer> {
  return await call.audited(single, () => {
    if (single.method === 'POST') return single.run(call)
    const { name, ...body } = parse(z.looseObject({ name: z.string() }), call.body, 'body')
    return single.run({ ...call, uid: parseUid(name), body, ifMatch: undefined })
  })
}

async function resultOf(
  { reportError }: ApiDeps,
  requestId: string,
  run: () => Promise<Answer>,
): Promise<Result> {
  try {
    const { status, body } = await run()
    return { status, resource: body }
  } catch (error) {
    if (!(error instanceof ProblemError)) reportError(error, requestId)
    const known = error instanceof ProblemError ? error : new ProblemError('internal', 'Try the item again.')
    const problem = problemOf(known, requestId)
    return { status: problem.status, problem }
  }
}
