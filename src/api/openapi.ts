import { z } from 'zod'
import { sampleOf } from '../model/json-sample.ts'
import { problemSchema } from '../model/problem.ts'
import { configurationExamples } from './examples/configuration.ts'
import { dataExamples } from './examples/data.ts'
import type { Example } from './examples/example.ts'
import { problemExamples } from './examples/problems.ts'
import { actionOf } from './handle.ts'
import { NDJSON } from './ndjson.ts'
import { CREDENTIALS, parametersOf, type Operation } from './operation.ts'
import { problemsOf } from './problems.ts'

type Json = Record<string, unknown>

const TITLE = 'Hookway'
const DESCRIPTION =
  'Receive, keep, route and deliver webhooks. Every problem has a stable `code`, and each call lists those it may answer; lists page by `next`; a POST with an `Idempotency-Key` may be repeated for 24 hours.'

/**
 * The contract as OpenAPI 3.1, made from the operations themselves, so that it cannot differ from what is served.
 * Bodies are closed (an unknown key is refused), answers are open (a later version may add fields).
 */
export function openApiOf(operations: readonly Operation[]): Json {
  const examples: Record<string, Example> = { ...configurationExamples(), ...dataExamples() }
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const { method, path } = operation
    const template = templateOf(operation)
    const example = examples[`${method} ${path}`] ?? {}
    paths[template] = { ...paths[template], [method.toLowerCase()]: describe(operation, example) }
  }
  return {
    openapi: '3.1.0',
    info: { title: TITLE, version: '1', description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token with the scopes that a call names.',
        },
        rootToken: { type: 'http', scheme: 'bearer', description: 'The root token of the relay.' },
      },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
      headers: HEADERS,
      examples: problemExamples(),
    },
  }
}

const HEADERS = {
  'Request-Id': { schema: { type: 'string' }, description: 'Names the request; also in each problem.' },
  'RateLimit-Policy': { schema: { type: 'string' }, description: 'What the token may do in a minute.' },
  RateLimit: {
    schema: { type: 'string' },
    description: 'What is left of it, and in how many seconds it is whole.',
  },
  'Retry-After': { schema: { type: 'string' }, description: 'Seconds to wait.' },
  ETag: { schema: { type: 'string' }, description: 'The version, for `If-Match`.' },
}

/** The path as OpenAPI writes it. */
export function templateOf({ path }: Pick<Operation, 'path'>): string {
  return `/v1${path.replaceAll(/:(\w+)/g, '{$1}')}`
}

function describe(operation: Operation, example: Example): Json {
  const { summary, access, answers } = operation
  const body = operation.documentedBody ?? operation.body
  const scope = `${access}:${actionOf(operation)}`
  const isRoot = access === 'root'
  const answer = describeAnswer(operation, example.answer)
  return {
    operationId: operation.operationId,
    tags: [tagOf(operation)],
    summary,
    description: `Needs ${isRoot ? 'the root token' : `the scope \`${scope}\``}.`,
    security: [isRoot ? { rootToken: [] } : { token: [scope] }],
    parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': withExample(jsonSchema(body, 'input'), example.body) },
      },
    }),
    responses: {
      [answers.status]: answer,
      ...(answers.orStatus && { [answers.orStatus]: answer }),
      ...Object.fromEntries([...problemsOf(operation)].map(([status, codes]) => [status, refusal(codes)])),
    },
  }
}

function describeAnswer({ method, answers, isList }: Operation, example: unknown): Json {
  const { status, schema } = answers
  const isVersioned = method === 'PATCH' || method === 'PUT'
  const headers = headerRefs([
    'Request-Id',
    'RateLimit',
    'RateLimit-Policy',
    ...(isVersioned ? ['ETag'] : []),
  ])
  if (status === 204) return { description: 'Done.', headers }
  if (!schema) {
    const bytes = { schema: { type: 'string', format: 'binary' } }
    return { description: 'As asked.', headers, content: { 'application/octet-stream': bytes } }
  }
  const lines = { schema: { type: 'string', description: 'The whole list, an item on each line.' } }
  return {
    description: 'As asked.',
    headers,
    content: {
      'application/json': withExample(jsonSchema(schema, 'output'), example),
      ...(isList && { [NDJSON]: lines }),
    },
  }
}

/** An example for each call, if by nobody's hand then made from the schema. */
function withExample(schema: Json, example: unknown): Json {
  return { schema, example: example ?? sampleOf(schema) }
}

function refusal(codes: readonly string[]): Json {
  const isLater = codes.some((code) => ['rate_limited', 'quota_exceeded', 'unavailable'].includes(code))
  return {
    description: `Refused: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
    headers: headerRefs(isLater ? ['Request-Id', 'Retry-After'] : ['Request-Id']),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', properties: { code: { enum: codes } } },
          ],
        },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  }
}

function headerRefs(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

function tagOf({ path }: Operation): string {
  return path.split('/')[1] ?? ''
}

function pathParameters(operation: Operation): Json[] {
  return parametersOf(operation).map((name) => ({
    name,
    in: 'path',
    required: true,
    description: name === 'id' ? idMeaning(operation) : 'Its id.',
    schema: { type: 'string' },
  }))
}

function idMeaning({ idPrefix, method }: Operation): string {
  if (idPrefix !== undefined) return `Its id, \`${idPrefix}_…\`, or its uid.`
  return method === 'PUT' ? 'Its uid or name.' : 'Its name.'
}

function queryParameters({ query }: Operation): Json[] {
  if (!query) return []
  const { properties = {} } = jsonSchema(query, 'input') as { properties?: Record<string, Json> }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  }))
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
