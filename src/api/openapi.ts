import { z } from 'zod'
import { problemSchema } from '../model/problem.ts'
import { NDJSON } from './ndjson.ts'
import { CREDENTIALS, parametersOf, type Operation } from './operation.ts'

type Json = Record<string, unknown>

/**
 * The contract as OpenAPI 3.1, made from the operations themselves, so that it cannot differ from what is served.
 * Bodies are closed (an unknown key is refused), answers are open (a later version may add fields).
 */
export function openApiOf(operations: readonly Operation[]): Json {
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const path = templateOf(operation)
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hookway',
      version: '1',
      description:
        'Receive, keep, route and deliver webhooks. Every problem has a stable `code`; lists page by `next`; a POST with an `Idempotency-Key` may be repeated.',
    },
    security: [{ token: [] }],
    tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
      responses: {
        Problem: {
          description: 'The request was not carried out; `code` and `detail` say why.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

/** The path as OpenAPI writes it. */
export function templateOf({ path }: Pick<Operation, 'path'>): string {
  return `/v1${path.replaceAll(/:(\w+)/g, '{$1}')}`
}

function describe(operation: Operation): Json {
  const { method, summary, access, answers } = operation
  const body = operation.documentedBody ?? operation.body
  const right =
    access === 'root' ? 'the root token' : `the scope \`${access}:${method === 'GET' ? 'read' : 'write'}\``
  const answer = {
    description: answers.status === 204 ? 'Done.' : 'As asked.',
    ...(answers.schema && {
      content: {
        'application/json': { schema: jsonSchema(answers.schema, 'output') },
        ...(operation.isList && {
          [NDJSON]: { schema: { type: 'string', description: 'The whole list, an item on each line.' } },
        }),
      },
    }),
  }
  return {
    operationId: operation.operationId,
    tags: [tagOf(operation)],
    summary,
    description: `Needs ${right}.`,
    parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    responses: {
      [answers.status]: answer,
      ...(answers.orStatus && { [answers.orStatus]: answer }),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function tagOf({ path }: Operation): string {
  return path.split('/')[1] ?? ''
}

function pathParameters(operation: Operation): Json[] {
  return parametersOf(operation).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters({ query }: Operation): Json[] {
  if (!query) return []
  const { properties = {} } = jsonSchema(query, 'input') as { properties?: Record<string, Json> }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }))
}

function headerParameters({ method, takesCredentials }: Operation): Json[] {
  const names = ['Hookway-Tenant', ...(method === 'POST' ? ['Idempotency-Key'] : [])]
  if (method === 'PATCH' || method === 'PUT') names.push('If-Match')
  if (takesCredentials) names.push(CREDENTIALS)
  return names.map((name) => ({ name, in: 'header', schema: { type: 'string' } }))
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema: made }) {
      // The format says it; the pattern is a page long.
      if (made.format === 'date-time') delete made.pattern
      // An object that is open on purpose, such as a resource in a document, stays so.
      const isOpen = typeof made.additionalProperties === 'object'
      if (made.properties === undefined || isOpen) return
      if (io === 'input') made.additionalProperties = false
      else delete made.additionalProperties
    },
  })
  return rest
}
